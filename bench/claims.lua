-- For wrk: each request is the claim of a buyer who never asked before, so many of them at a time on a
-- connection. wrk ... -s claims.lua -- SALE PIPELINE NAME
local number, parts = 0

-- Two parts of a request, with the buyer's name between them: wrk.format() for each would cost wrk
-- more than the claim costs the server.
function init(arguments)
  local sale, depth, name = arguments[1], tonumber(arguments[2]), arguments[3]
  local whole = wrk.format("POST", "/v1/sales/" .. sale .. "/claims", {["X-Buyer-Id"] = name .. "-NUMBER"})
  local from, to = whole:find("NUMBER", 1, true)
  local before, behind = whole:sub(1, from - 1), whole:sub(to + 1)
  parts = {before, 0}
  for _ = 2, depth do
    parts[#parts + 1] = behind .. before
    parts[#parts + 1] = 0
  end
  parts[#parts + 1] = behind
end

function request()
  for i = 2, #parts, 2 do
    number = number + 1
    parts[i] = number
  end
  return table.concat(parts)
end
