-- What happens to a sale: each function makes one event and what it changes, as
-- src/sale/apply.cc does. Which may happen was decided before.

local REASONS = {buyer = 1, merchant = 2, expired = 3}

-- The line of the new claim.
local function grant(sale, buyer, quantity, key, trace)
  local number = sale.claims
  local deadline
  if sale.hold_ms > 0 then deadline = sale.now + sale.hold_ms end
  local units, units_bytes
  if quantity == 1 and sale.returned == 0 then
    units = decimal(sale.next_unit)
    units_bytes = '\1' .. varint(sale.next_unit) .. '\1'
    sale.next_unit = sale.next_unit + 1
  else
    local runs = take(sale, quantity)
    units = runs_text(runs)
    units_bytes = runs_bytes(runs)
  end
  sale.claims = number + 1
  local has_key = key ~= ''
  happened(sale, GRANTED,
    char((deadline and 1 or 0) + (has_key and 2 or 0)) .. varint(number) .. text_bytes(buyer)
      .. units_bytes .. (deadline and sale.deadline_bytes or '')
      .. (has_key and text_bytes(key) or ''), trace)

  local status
  if deadline then
    status = 'held'
    sale.held = sale.held + quantity
    sale.first_new_hold = deadline
    local holds = sale.new_holds
    local n = #holds
    holds[n + 1] = deadline
    holds[n + 2] = format('%010.0f', number)
  else
    status = 'confirmed'
    sale.confirmed = sale.confirmed + quantity
  end
  local new_claims = sale.new_claims
  local n = #new_claims
  new_claims[n + 1] = number
  new_claims[n + 2] = buyer

  local line = units .. ' ' .. status .. ' ' .. decimal(number) .. ' ' .. decimal(sale.sequence)
    .. sale.grant_times .. (has_key and escape(key) or '-') .. ' - -'
  local entry = sale.buyers[buyer]
  if entry.text or entry.claims then
    local claims = claims_of(sale, buyer)
    claims[#claims + 1] = read_record(line, buyer)
  else
    entry.text = line
  end
  changed(sale, buyer)
  return line
end

-- What all claims that are granted in one call have alike.
local function prepare_grants(sale)
  sale.hold_ms = tonumber(sale.hold_seconds) * 1000
  local expires_at = '-'
  if sale.hold_ms > 0 then
    expires_at = decimal(sale.now + sale.hold_ms)
    sale.deadline_bytes = varint(sale.now + sale.hold_ms)
  end
  sale.grant_times = ' ' .. decimal(sale.now) .. ' ' .. expires_at .. ' ' .. sale.late_payment
    .. ' 0 '
end

local function end_hold(sale, claim)
  local member = format('%010.0f', claim.number)
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
  holds[#holds + 1] = format('%010.0f', claim.number)
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
  sale.redefined = true
  sale.version = sale.version + 1
  local left = available(sale)
  if sale.returned > left then withdraw(sale, sale.returned - left) end
end
