-- For wrk: any one request again and again, with a new number or the next line of a file in it, so many of them at
-- a time on a connection. wrk ... -s asks.lua -- DEPTH FILE again|stop METHOD PATH BODY [FIELD: VALUE]...
-- NUMBER in path or fields stands for a number that was not used before; LINE there or in the body for a line of FILE
-- ("-" where there is none), the same all over a request. The lines of a file are of one length. Behind its last it is
-- begun again, or the run stops; wrk itself then still waits for the end of its time.
local number, at, lines, stops = 0, 0, {}, false
local parts, asks = {}, {}

-- The text of one request as parts; where each mark stood is remembered for request(), which only fills in: calling
-- wrk.format() each time would cost wrk more than the request costs the server.
local function take_apart(text, marks, depth)
  for _ = 1, depth do
    local ask, from = {numbers = {}, lines = {}}, 1
    while true do
      local first, last, kind
      for mark, name in pairs(marks) do
        local begin, finish = text:find(mark, from, true)
        if begin and (not first or begin < first) then first, last, kind = begin, finish, name end
      end
      if not first then break end
      parts[#parts + 1] = text:sub(from, first - 1)
      parts[#parts + 1] = ""
      table.insert(ask[kind], #parts)
      from = last + 1
    end
    parts[#parts + 1] = text:sub(from)
    asks[#asks + 1] = ask
  end
end

function init(arguments)
  local depth, file, at_end, method, path, body = tonumber(arguments[1]), arguments[2], arguments[3], arguments[4],
                                                  arguments[5], arguments[6]
  stops = at_end == "stop"
  local marks = {NUMBER = "numbers"}
  if file ~= "-" then
    for line in io.lines(file) do lines[#lines + 1] = line end
    -- As long as what it stands for, so that wrk.format() counts the right length of a body.
    local mark = ("@"):rep(#lines[1])
    marks[mark] = "lines"
    path, body = path:gsub("LINE", mark), body:gsub("LINE", mark)
  end
  local fields = {}
  for i = 7, #arguments do
    local name, value = arguments[i]:match("^([^:]+): (.*)$")
    fields[name] = file == "-" and value or value:gsub("LINE", ("@"):rep(#lines[1]))
  end
  take_apart(wrk.format(method, path, fields, body ~= "" and body or nil), marks, depth)
end

function request()
  for d = 1, #asks do
    local ask = asks[d]
    number = number + 1
    for i = 1, #ask.numbers do parts[ask.numbers[i]] = number end
    if #ask.lines > 0 then
      if at < #lines then
        at = at + 1
      elseif stops then
        wrk.thread:stop()
      else
        at = 1
      end
      for i = 1, #ask.lines do parts[ask.lines[i]] = lines[at] end
    end
  end
  return table.concat(parts)
end
