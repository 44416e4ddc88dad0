-- For wrk: each request is the claim of a buyer who never asked before, so many of them at a time on a
-- connection. wrk ... -s claims.lua -- SALE PIPELINE NAME
local number, requests = 0, {}

function init(arguments)
  sale, depth, name = arguments[1], tonumber(arguments[2]), arguments[3]
end

function request()
  for i = 1, depth do
    number = number + 1
    requests[i] = wrk.format("POST", "/v1/sales/" .. sale .. "/claims", {["X-Buyer-Id"] = name .. "-" .. number})
  end
  return table.concat(requests)
end
