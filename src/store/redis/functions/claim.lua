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
  return 'g 1 ' .. grant(sale, buyer, quantity, key, trace)
end

-- The claims as ARGV has them: how many, the buyers, and then, of each that is not for one unit
-- without key and trace, which it is, quantity, key and trace. Nil: they are not such.
local function read_claims(argv)
  local count = tonumber(argv[3])
  if not count or count < 1 or count > MOST_CLAIMS or count ~= floor(count)
      or #argv < 3 + count or (#argv - 3 - count) % 4 ~= 0 then
    return nil
  end
  local names, particulars, units = {unpack(argv, 4, 3 + count)}, {}, count
  for i = 1, count do
    local size = #names[i]
    if size < 1 or size > 128 then return nil end
  end
  for at = 4 + count, #argv, 4 do
    local place, quantity = tonumber(argv[at]), tonumber(argv[at + 1])
    local key, trace = argv[at + 2], argv[at + 3]
    if not place or not names[place] or particulars[place] or not quantity or quantity < 1
        or quantity > 1000 or quantity ~= floor(quantity) or #key > 64
        or (#trace ~= 0 and #trace ~= 25) then
      return nil
    end
    particulars[place] = {quantity = quantity, key = key, trace = trace}
    units = units + quantity - 1
  end
  if units > MOST_UNITS then return nil end
  return {names = names, particulars = particulars}
end

local PLAIN = {quantity = 1, key = '', trace = ''}

local function decide_one(sale, claims, place, all_settled)
  local buyer = claims.names[place]
  if sale.buyers[buyer] == nil then sale.buyers[buyer] = claims.stored[place] end
  local particular = claims.particulars[place] or PLAIN
  if not all_settled then
    local of_buyer = claims_of(sale, buyer)
    for at = #of_buyer, 1, -1 do settle_claim(sale, of_buyer[at]) end
    settle_for(sale, particular.quantity)
  end
  return decide_claim(sale, buyer, particular.quantity, particular.key, particular.trace)
end

-- Each outcome is a text: "g count line" for so many that were granted one after the other, the
-- line of the first; and what existing() and refused() make.
local function claim_call(keys, argv)
  local claims = read_claims(argv)
  if not claims then return error_reply('ERR these are no claims of one call') end
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  settle(sale)
  if transition_is_due(sale) then
    commit(sale)
    return {'again', sale.sequence, sale.hash}
  end
  prepare_grants(sale)
  local count = #claims.names
  claims.stored = call('HMGET', sale.keys.buyers, unpack(claims.names))
  local all_settled = not first_due_hold(sale)
  local outcomes, place = {}, 1
  while place <= count do
    local granted, line = 0, nil
    if all_settled and sale.status == 'open' and sale.returned == 0 then
      granted, line = grant_crowd(sale, claims, place)
    end
    if granted > 0 then
      outcomes[#outcomes + 1] = 'g ' .. granted .. ' ' .. line
      place = place + granted
    else
      outcomes[#outcomes + 1] = decide_one(sale, claims, place, all_settled)
      place = place + 1
    end
  end
  commit(sale)
  return {'ok', sale.sequence, sale.hash, sale.now, sale.ordinal, sale.cancelled, sale.opens_at,
    sale.claim_attempts, outcomes}
end

register('doorbuster_claim', claim_call)
