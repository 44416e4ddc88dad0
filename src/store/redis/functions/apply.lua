-- What happens to a sale: each function makes one event and what it changes, as
-- src/sale/apply.cc does. Which may happen was decided before.

local REASONS = {buyer = 1, merchant = 2, expired = 3}

-- The line of the new claim.
local function grant(sale, buyer, quantity, key, trace)
  local number, sequence = sale.claims, sale.sequence + 1
  local units, units_bytes
  if quantity == 1 and sale.returned == 0 then
    local unit = sale.next_unit
    units = decimal(unit)
    units_bytes = '\1' .. varint(unit) .. '\1'
    sale.next_unit = unit + 1
  else
    local runs = take(sale, quantity)
    units = runs_text(runs)
    units_bytes = runs_bytes(runs)
  end
  add_claims(sale, {buyer}, 1, 1)
  sale.sequence = sequence
  sale.last_event_at = sale.now
  local has_key = key ~= ''
  local bytes = (trace == '' and '\16' or '\144' .. trace) .. varint(sequence) .. sale.now_bytes
    .. (has_key and sale.flags_with_key or sale.flags) .. varint(number) .. varint(#buyer) .. buyer
    .. units_bytes .. sale.deadline_bytes .. (has_key and text_bytes(key) or '')
  local events = sale.events
  local n = #events
  events[n + 1] = varint(#bytes)
  events[n + 2] = bytes

  if sale.deadline then
    sale.held = sale.held + quantity
    local holds = sale.new_holds
    n = #holds
    holds[n + 1] = sale.deadline
    holds[n + 2] = format('%010d', number)
  else
    sale.confirmed = sale.confirmed + quantity
  end

  local line = units .. sale.new_status .. decimal(number) .. ' ' .. decimal(sequence)
    .. sale.grant_times .. more_text(sale.late_payment, '0', escape(key), '-', '-')
  if sale.buyers[buyer] then
    local claims = claims_of(sale, buyer)
    claims[#claims + 1] = read_record(line, buyer)
  else
    sale.buyers[buyer] = line
  end
  changed(sale, buyer)
  return line
end

-- What all claims that are granted in one call have alike.
local function prepare_grants(sale)
  local hold_ms = tonumber(sale.hold_seconds) * 1000
  local expires_at = '-'
  sale.new_status, sale.flags, sale.flags_with_key = ' confirmed ', '\0', '\2'
  sale.deadline_bytes = ''
  if hold_ms > 0 then
    sale.new_status, sale.flags, sale.flags_with_key = ' held ', '\1', '\3'
    sale.first_new_hold = sale.now + hold_ms
    sale.deadline_bytes = varint(sale.first_new_hold)
    expires_at = decimal(sale.first_new_hold)
    sale.deadline = expires_at
  end
  sale.grant_times = ' ' .. decimal(sale.now) .. ' ' .. expires_at
  sale.limit = tonumber(sale.per_buyer_limit)
  sale.attempts = tonumber(sale.claim_attempts)
end

local function end_hold(sale, claim)
  local member = format('%010d', claim.number)
  sale.held = sale.held - claim.quantity
  sale.has_ended[member] = true
  sale.ended_holds[#sale.ended_holds + 1] = member
end

local function confirm_claim(sale, claim, reference, trace)
  happened(sale, CONFIRMED, of_claim_bytes(claim) .. text_bytes(reference), trace)
  if claim.status == 'held' then
    end_hold(sale, claim)
    sale.confirmed = sale.confirmed + claim.quantity
    claim.status = 'confirmed'
  end
  claim.reference = escape(reference)
  changed(sale, claim.buyer)
end

local function release_claim(sale, claim, reason, trace)
  happened(sale, RELEASED, of_claim_bytes(claim) .. char(REASONS[reason]), trace)
  if claim.status == 'held' then
    end_hold(sale, claim)
  else
    sale.confirmed = sale.confirmed - claim.quantity
  end
  give_back(sale, (read_runs(claim.units)))
  claim.status = 'released:' .. reason
  sale[claim.status] = sale[claim.status] + 1
  changed(sale, claim.buyer)
end

local function extend_claim(sale, claim, expires_at, trace)
  happened(sale, EXTENDED, of_claim_bytes(claim) .. varint(expires_at), trace)
  claim.expires_at = decimal(expires_at)
  claim.extended = '1'
  local holds = sale.new_holds
  holds[#holds + 1] = expires_at
  holds[#holds + 1] = format('%010d', claim.number)
  changed(sale, claim.buyer)
end

local function reacquire_claim(sale, claim, reference, trace)
  local runs = take(sale, claim.quantity)
  happened(sale, REACQUIRED,
    of_claim_bytes(claim) .. runs_bytes(runs) .. text_bytes(reference), trace)
  sale.confirmed = sale.confirmed + claim.quantity
  sale['released:expired'] = sale['released:expired'] - 1
  claim.units = runs_text(runs)
  claim.reference = escape(reference)
  claim.status = 'confirmed'
  changed(sale, claim.buyer)
end

local function owe_refund(sale, claim, reference, trace)
  happened(sale, REFUND, of_claim_bytes(claim) .. text_bytes(reference), trace)
  local owed = escape(reference)
  claim.refunds = claim.refunds == '-' and owed or claim.refunds .. ',' .. owed
  changed(sale, claim.buyer)
end

local function close(sale)
  if sale.status ~= 'closed' then sale.closed_at = sale.now end
  sale.status = 'closed'
end

local function open_sale(sale, trace)
  happened(sale, OPENED, '', trace)
  sale.status = 'open'
  sale.opened = 1
end

local function close_sale(sale, trace)
  happened(sale, CLOSED, '', trace)
  close(sale)
end

local function pause_sale(sale, trace)
  happened(sale, PAUSED, '', trace)
  sale.status = 'paused'
end

local function resume_sale(sale, trace)
  happened(sale, RESUMED, '', trace)
  sale.status = sale.opened == 1 and 'open' or 'scheduled'
end

-- One event, however many holds: status_of() knows what became of them. The set of their ends is
-- left as it is and not looked at any more.
local function cancel_sale(sale, trace)
  local holds = call('ZCARD', sale.keys.holds) - #sale.ended_holds
  happened(sale, CANCELLED, '', trace)
  close(sale)
  sale['released:cancelled'] = sale['released:cancelled'] + holds
  sale.cancelled = 1
  sale.held = 0
end

local function delete_sale(sale, trace)
  happened(sale, DELETED, '', trace)
  close(sale)
  sale.deleted = 1
end

-- `after`: the members of the definition that are others now.
local function update_sale(sale, after, trace)
  for name, value in pairs(after) do sale[name] = value end
  happened(sale, UPDATED, definition_bytes(sale), trace)
  sale.stock_count = tonumber(sale.stock)
  sale.version = sale.version + 1
  local left = available(sale)
  if sale.returned > left then withdraw(sale, sale.returned - left) end
end
