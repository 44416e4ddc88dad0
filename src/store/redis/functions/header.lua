#!lua name=doorbuster
-- version 1
-- The rules of a sale (docs/redis.md), for a Redis server to decide by. Made of the files in
-- src/store/redis/functions, one idea each.
--
-- A function reads, then checks, then writes: Lua does not roll back, so nothing after the first
-- write may fail. What it decides is made ready on a table (sale.lua) and written by commit().

local NEVER = 1 / 0

-- While a library is loaded there is nothing of Lua's or Redis' but what registers functions. So
-- these are found when the first function is called.
local call, sha1hex, error_reply
local char, find, format, gmatch, gsub, match, concat, floor, max, min

local function begin()
  if call then return end
  call, sha1hex, error_reply = redis.call, redis.sha1hex, redis.error_reply
  char, find, format, gmatch = string.char, string.find, string.format, string.gmatch
  gsub, match, concat = string.gsub, string.match, table.concat
  floor, max, min = math.floor, math.max, math.min
end

-- `flags`: what the server may know of a function beforehand.
local function register(name, callback, flags)
  redis.register_function{function_name = name, flags = flags, callback = function(keys, argv)
    begin()
    return callback(keys, argv)
  end}
end

-- Numbers of up to 2^53, as Lua would not write all of them.
local function decimal(number)
  return format('%d', number)
end

-- Milliseconds since 1970, by the server's clock.
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + floor(tonumber(time[2]) / 1000)
end

-- A time that may not be given, as a number to compare with.
local function time_or(text, none)
  return text == '' and none or tonumber(text)
end

-- A command with more arguments than Lua hands over at once, as several.
local function call_with_many(command, key, arguments)
  for from = 1, #arguments, 4000 do
    call(command, key, unpack(arguments, from, min(from + 3999, #arguments)))
  end
end
