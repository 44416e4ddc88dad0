-- What the merchant does with a sale that there is, as src/sale/decide_sale.cc says: change it,
-- pause, resume, close, cancel, delete it.

-- What a PATCH may change; of a closed sale only the words.
local CHANGEABLE = {title = 'word', metadata = 'word', archive_after_seconds = 'word',
  stock = 'number', per_buyer_limit = 'number', hold_seconds = 'number', opens_at = 'time',
  closes_at = 'time', late_payment = 'number', claim_attempts = 'number',
  max_extension_seconds = 'number'}
local MAX_UNIT = 4000000000

-- The first rule that these changes break.
local function judge(sale, after)
  if sale.status == 'closed' then
    for name in pairs(after) do
      if CHANGEABLE[name] ~= 'word' then return 'closed' end
    end
  end
  if after.opens_at and sale.opened == 1 then return 'already-open' end
  if after.closes_at and time_or(after.closes_at, NEVER) <= sale.now then
    return 'closes-in-the-past'
  end
  local opens_at = time_or(after.opens_at or sale.opens_at, -NEVER)
  local closes_at = time_or(after.closes_at or sale.closes_at, NEVER)
  if (after.opens_at or after.closes_at) and closes_at <= opens_at then
    return 'closes-before-opening'
  end
  if after.stock then
    local before, stock = tonumber(sale.stock), tonumber(after.stock)
    if stock < sale.held + sale.confirmed then return 'stock-below-claimed' end
    if stock > before
        and sale.next_unit + available(sale) - sale.returned + stock - before > MAX_UNIT then
      return 'stock-out-of-range'
    end
  end
  return 'done'
end

-- ARGV from the fourth on: the version it must have ('': any), member, value, member, value ...
local function change(sale, argv, trace)
  if argv[4] ~= '' and tonumber(argv[4]) ~= sale.version then return 'version-mismatch' end
  local after = {}
  local differs = false
  for i = 5, #argv, 2 do
    if sale[argv[i]] ~= argv[i + 1] then
      after[argv[i]] = argv[i + 1]
      differs = true
    end
  end
  if not differs then return 'unchanged' end
  local verdict = judge(sale, after)
  if verdict == 'done' then update_sale(sale, after, trace) end
  return verdict
end

local function changes_are_right(argv)
  if not argv[4] or #argv % 2 ~= 0 then return false end
  for i = 5, #argv, 2 do
    local kind = CHANGEABLE[argv[i]]
    if not kind then return false end
    if (kind == 'number' or argv[i] == 'archive_after_seconds')
        and not find(argv[i + 1], '^%d+$') then
      return false
    end
    if kind == 'time' and not find(argv[i + 1], '^%d*$') then return false end
  end
  return true
end

local ACTIONS = {
  pause = function(sale, trace)
    if sale.status == 'closed' then return 'closed' end
    if sale.status == 'paused' then return 'unchanged' end
    pause_sale(sale, trace)
    return 'done'
  end,
  resume = function(sale, trace)
    if sale.status == 'closed' then return 'closed' end
    if sale.status ~= 'paused' then return 'unchanged' end
    resume_sale(sale, trace)
    return 'done'
  end,
  close = function(sale, trace)
    if sale.status == 'closed' then return 'unchanged' end
    close_sale(sale, trace)
    return 'done'
  end,
  cancel = function(sale, trace)
    if sale.cancelled == 1 then return 'unchanged' end
    cancel_sale(sale, trace)
    return 'done'
  end,
  delete = function(sale, trace)
    if sale.opened == 1 then
      local after = tonumber(sale.archive_after_seconds)
      local done = sale.status == 'closed' and sale.held == 0
      if not (done and after > 0 and sale.now >= sale.closed_at + 1000 * after) then
        return 'already-open'
      end
    end
    delete_sale(sale, trace)
    return 'done'
  end,
}

-- ARGV: known sequence and hash, the trace, and what `decide` takes.
local function change_sale(keys, argv, decide)
  local trace = argv[3]
  if not trace or (#trace ~= 0 and #trace ~= 25) or not decide then
    return error_reply('ERR this is no change of a sale')
  end
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  settle(sale)
  if not is_settled(sale) then
    commit(sale)
    return {'again', sale.sequence, sale.hash}
  end
  local verdict = decide(sale, argv, trace)
  -- Another opening time, or a resumed sale, may be due to open.
  settle_next(sale)
  commit(sale)
  return {'ok', sale.sequence, sale.hash, verdict, view(sale)}
end

register('doorbuster_change', function(keys, argv)
  return change_sale(keys, argv, changes_are_right(argv) and change)
end)

-- ARGV[4]: pause, resume, close, cancel or delete.
register('doorbuster_steer', function(keys, argv)
  local action = ACTIONS[argv[4]]
  return change_sale(keys, argv, action and function(sale, _, trace)
    return action(sale, trace)
  end)
end)
