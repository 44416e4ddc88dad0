-- What happens by the clock alone (R13), as src/sale/decide_due.cc says.

local function next_transition_at(sale)
  if sale.status == 'closed' then return NEVER end
  local closes_at = time_or(sale.closes_at, NEVER)
  if sale.status == 'scheduled' then return min(time_or(sale.opens_at, 0), closes_at) end
  return closes_at
end

local function transition_is_due(sale)
  return next_transition_at(sale) <= sale.now
end

local DUE_CHUNK = 64

-- Reads some more of the holds that are due, with their buyers; false: there are no more.
local function read_due_holds(sale)
  local due = sale.due_holds
  if due.all then return false end
  local found = call('ZRANGE', sale.keys.holds, '-inf', due.now, 'BYSCORE', 'LIMIT', due.read,
    DUE_CHUNK, 'WITHSCORES')
  due.all = #found < 2 * DUE_CHUNK
  if #found == 0 then return false end
  local numbers = {}
  for i = 1, #found, 2 do numbers[#numbers + 1] = tonumber(found[i]) end
  local names = owners_of(sale, numbers)
  read_buyers(sale, names)
  for i, name in ipairs(names) do
    due[due.read + i] = {member = found[2 * i - 1], number = numbers[i], buyer = name,
      at = tonumber(found[2 * i])}
  end
  due.read = due.read + #names
  return true
end

-- The hold that ends first of those that are due; nil: none is.
local function first_due_hold(sale)
  if sale.cancelled == 1 then return nil end
  local due = sale.due_holds
  if not due then
    due = {at = 1, read = 0, all = false, now = decimal(sale.now)}
    sale.due_holds = due
  end
  while true do
    local hold = due[due.at]
    if hold then
      if not sale.has_ended[hold.member] then return hold end
      due.at = due.at + 1
    elseif not read_due_holds(sale) then
      return nil
    end
  end
end

local function is_settled(sale)
  return not transition_is_due(sale) and not first_due_hold(sale)
end

-- Has the next thing happen that is due, in the order of the times, and at one time an opening
-- before the end of a hold before a closing; false: nothing is due.
local function settle_next(sale)
  local transition_at = next_transition_at(sale)
  local hold = first_due_hold(sale)
  if hold and hold.at <= transition_at then
    release_claim(sale, claim_of(sale, hold.buyer, hold.number), 'expired', '')
    return true
  end
  if transition_at > sale.now then return false end
  if sale.status == 'scheduled' and time_or(sale.opens_at, 0) == transition_at then
    open_sale(sale, '')
  else
    close_sale(sale, '')
  end
  return true
end

-- As much as one call may.
local function settle(sale)
  while sale.due_left > 0 and settle_next(sale) do sale.due_left = sale.due_left - 1 end
end

-- However much else is due: enough that `quantity` can be decided on. No opening or closing is due.
local function settle_for(sale, quantity)
  while available(sale) < quantity and settle_next(sale) do end
end

-- The end of this hold, wherever it stands (R16).
local function settle_claim(sale, claim)
  if claim.status ~= 'held' or sale.cancelled == 1 then return end
  if tonumber(claim.expires_at) > sale.now then return end
  release_claim(sale, claim, 'expired', '')
end

-- When a unit may come free by itself, and be sold; '-': not known to.
local function next_return_at(sale)
  if sale.status == 'closed' then return '-' end
  local due = first_due_hold(sale)
  local at = NEVER
  if due then
    at = due.at
  else
    if not sale.first_later_hold then
      local found = call('ZRANGE', sale.keys.holds, '(' .. decimal(sale.now), '+inf', 'BYSCORE',
        'LIMIT', 0, 1, 'WITHSCORES')
      sale.first_later_hold = tonumber(found[2] or NEVER)
    end
    at = sale.first_later_hold
    if #sale.new_holds > 0 then at = min(at, sale.first_new_hold or NEVER) end
  end
  return at < time_or(sale.closes_at, NEVER) and decimal(at) or '-'
end

-- Settles what is due and nothing else, for who finds that a read is not settled yet.
local function settle_call(keys, argv)
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  settle(sale)
  local settled = is_settled(sale)
  commit(sale)
  return {settled and 'ok' or 'again', sale.sequence, sale.hash}
end

register('doorbuster_settle', settle_call)
