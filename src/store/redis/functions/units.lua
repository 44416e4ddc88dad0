-- The units that nobody has: those that came back, in the order of their return, in a list of runs
-- ("7", "7-9"), and then numbers that were never handed out, from `next_unit` on. So publishing
-- makes no list, however large the stock.
--
-- While a function works the list is three parts: `front`, runs that were read from its head,
-- `back`, runs behind its tail, and between them what was not looked at. Each run is {first, count}.

local CHUNK = 64

local function open_units(sale)
  local units = sale.open_units
  if not units then
    units = {length = call('LLEN', sale.keys.units), front = {}, head = 1, read = 0, back = {},
      tail = 1, cut = 0}
    sale.open_units = units
  end
  return units
end

local function read_front(sale, units)
  local most = min(CHUNK, units.length - units.read - units.cut)
  local texts = call('LRANGE', sale.keys.units, units.read, units.read + most - 1)
  for _, text in ipairs(texts) do units.front[#units.front + 1] = read_runs(text)[1] end
  units.read = units.read + most
end

-- The first run that is left, and which part of the list it is in; nil when there is none.
local function first_run(sale, units)
  if not units.front[units.head] and units.read + units.cut < units.length then
    read_front(sale, units)
  end
  if units.front[units.head] then return units.front[units.head], 'head' end
  return units.back[units.tail], 'tail'
end

-- The last run; nil when there is none.
local function last_run(sale, units)
  if #units.back >= units.tail then return units.back[#units.back] end
  if units.read + units.cut < units.length then
    units.cut = units.cut + 1
    local text = call('LINDEX', sale.keys.units, units.length - units.cut)
    units.back[#units.back + 1] = read_runs(text)[1]
    return units.back[#units.back]
  end
  if #units.front >= units.head then return units.front[#units.front] end
end

-- Takes the next `count` units, as runs; there are that many.
local function take(sale, count)
  local runs = {}
  if sale.returned > 0 then
    local units = open_units(sale)
    units.touched = true
    while count > 0 and sale.returned > 0 do
      local run, part = first_run(sale, units)
      local taken = min(run[2], count)
      runs[#runs + 1] = {run[1], taken}
      run[1] = run[1] + taken
      run[2] = run[2] - taken
      sale.returned = sale.returned - taken
      count = count - taken
      if run[2] == 0 then units[part] = units[part] + 1 end
    end
  end
  if count > 0 then
    runs[#runs + 1] = {sale.next_unit, count}
    sale.next_unit = sale.next_unit + count
  end
  return runs
end

-- Units come back. Those that follow the last one that came back lengthen its run.
local function give_back(sale, runs)
  local units = open_units(sale)
  units.touched = true
  for _, run in ipairs(runs) do
    local last = last_run(sale, units)
    if last and last[1] + last[2] == run[1] then
      last[2] = last[2] + run[2]
    else
      units.back[#units.back + 1] = {run[1], run[2]}
    end
    sale.returned = sale.returned + run[2]
  end
end

-- Takes away for good the `count` units that came back last.
local function withdraw(sale, count)
  local units = open_units(sale)
  units.touched = true
  sale.returned = sale.returned - count
  while count > 0 do
    local run = last_run(sale, units)
    local taken = min(run[2], count)
    run[2] = run[2] - taken
    count = count - taken
    if run[2] == 0 then
      if #units.back >= units.tail then units.back[#units.back] = nil
      else units.front[#units.front] = nil end
    end
  end
end

-- Writes the list as it has become; a write, for commit() alone.
local function write_units(sale)
  local units = sale.open_units
  if not units or not units.touched then return end
  local key = sale.keys.units
  local unread = units.length - units.read - units.cut
  if unread == 0 then
    call('DEL', key)
  else
    call('LTRIM', key, units.read, units.length - units.cut - 1)
  end
  local texts = {}
  if unread > 0 then
    for i = #units.front, units.head, -1 do
      texts[#texts + 1] = run_text(units.front[i][1], units.front[i][2])
    end
    call_with_many('LPUSH', key, texts)
    texts = {}
  else
    for i = units.head, #units.front do
      texts[#texts + 1] = run_text(units.front[i][1], units.front[i][2])
    end
  end
  for i = units.tail, #units.back do
    texts[#texts + 1] = run_text(units.back[i][1], units.back[i][2])
  end
  call_with_many('RPUSH', key, texts)
  sale.open_units = nil
end
