-- Claims of one sale, up to 256 a call, each decided on what the ones before it left. As
-- src/sale/decide_claim.cc, in the order of "Order of checks for a claim": known claim; state;
-- attempts and limit; stock.

local MOST_CLAIMS = 256
local MOST_UNITS = 4096  -- of one call: each may come out of the list of returned units

-- What a claim by this buyer has to be seen against.
local function standing_of(sale, claims, key)
  local live, ended, newest = 0, 0, nil
  for i = #claims, 1, -1 do
    local claim = claims[i]
    if is_live(sale, claim) then
      live = live + claim.quantity
      newest = newest or claim
    else
      ended = ended + 1
    end
    if key ~= '-' and claim.key == key then return live, ended, newest, claim end
  end
  return live, ended, newest, nil
end

local function existing(sale, claim)
  return 'e ' .. decimal(sale.sequence) .. ' ' .. record_text(claim)
end

local function refused(sale, why, buyer)
  local live = '-'
  if why == 'limit-exceeded' then
    local numbers = {}
    local claims = claims_of(sale, buyer)
    for i = #claims, 1, -1 do
      if is_live(sale, claims[i]) then numbers[#numbers + 1] = decimal(claims[i].number) end
    end
    if #numbers > 0 then live = concat(numbers, ',') end
  end
  return 'r ' .. decimal(sale.sequence) .. ' ' .. why .. ' ' .. decimal(available(sale)) .. ' '
    .. decimal(sale.held) .. ' ' .. next_return_at(sale) .. ' ' .. live
end

local REFUSALS = {scheduled = 'not-open', paused = 'paused', closed = 'closed'}

local function decide_claim(sale, buyer, quantity, key, trace)
  local limit, live, ended = sale.limit, 0, 0
  if sale.buyers[buyer] then
    local newest, with_key
    live, ended, newest, with_key = standing_of(sale, claims_of(sale, buyer), escape(key))
    if with_key then
      if with_key.quantity ~= quantity then return refused(sale, 'idempotency-key-reused') end
      return existing(sale, with_key)
    end
    if newest and (key == '' or (limit == 1 and live + quantity > limit)) then
      return existing(sale, newest)
    end
  end
  if sale.status ~= 'open' then return refused(sale, REFUSALS[sale.status]) end
  if ended >= sale.attempts then return refused(sale, 'attempts-exhausted') end
  if live + quantity > limit then return refused(sale, 'limit-exceeded', buyer) end
  local left = available(sale)
  if left == 0 then return refused(sale, 'sold-out') end
  if left < quantity then return refused(sale, 'insufficient-stock') end
  return grant(sale, buyer, quantity, key, trace)
end

-- The claims as ARGV has them, four arguments each: buyer, quantity, key, trace. Nil: they are
-- not such.
local function read_claims(argv)
  local count = (#argv - 2) / 4
  if count < 1 or count > MOST_CLAIMS or count ~= floor(count) then return nil end
  local names, quantities, units = {}, {}, 0
  for i = 1, count do
    local at = 4 * i - 1
    local buyer, quantity, key, trace = argv[at], argv[at + 1], argv[at + 2], argv[at + 3]
    quantity = quantity == '1' and 1 or tonumber(quantity)
    if #buyer < 1 or #buyer > 128 or not quantity or quantity < 1 or quantity > 1000
        or quantity ~= floor(quantity) or #key > 64 or (#trace ~= 0 and #trace ~= 25) then
      return nil
    end
    names[i] = buyer
    quantities[i] = quantity
    units = units + quantity
  end
  if units > MOST_UNITS then return nil end
  return names, quantities
end

local function claim_call(keys, argv)
  local names, quantities = read_claims(argv)
  if not names then return error_reply('ERR these are no claims of one call') end
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  settle(sale)
  if transition_is_due(sale) then
    commit(sale)
    return {'again', sale.sequence, sale.hash}
  end
  prepare_grants(sale)
  read_buyers(sale, names)
  local outcomes = {}
  local all_settled = not first_due_hold(sale)
  for i = 1, #names do
    local buyer = names[i]
    if not all_settled then
      local claims = claims_of(sale, buyer)
      for at = #claims, 1, -1 do settle_claim(sale, claims[at]) end
      settle_for(sale, quantities[i])
    end
    local at = 4 * i - 1
    outcomes[i] = decide_claim(sale, buyer, quantities[i], argv[at + 2], argv[at + 3])
  end
  commit(sale)
  return {'ok', sale.sequence, sale.hash, sale.now, sale.ordinal, sale.cancelled, sale.opens_at,
    sale.claim_attempts, outcomes}
end

register('doorbuster_claim', claim_call)
