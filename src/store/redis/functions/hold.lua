-- What shops and buyers do with a claim that there is: confirm, release, extend (R16, R17, R20).

-- A claim that ended by its time, and whose money came after that (R20).
local function take_late_money(sale, claim, reference, trace)
  local escaped = escape(reference)
  -- Once a refund is owed it stays so, whatever becomes free: the shop may have paid it already.
  for owed in gmatch(claim.refunds, '[^,]+') do
    if owed == escaped then return 'expired' end
  end
  if claim.late == '1' and sale.status ~= 'closed' and available(sale) >= claim.quantity then
    local live = standing_of(sale, claims_of(sale, claim.buyer), '-')
    if live + claim.quantity <= tonumber(sale.per_buyer_limit) then
      reacquire_claim(sale, claim, reference, trace)
      return 'done'
    end
  end
  owe_refund(sale, claim, reference, trace)
  return 'expired'
end

local function confirm(sale, claim, reference, trace)
  local status = status_of(sale, claim)
  if status == 'released:expired' then return take_late_money(sale, claim, reference, trace) end
  if status ~= 'held' and status ~= 'confirmed' then return 'released' end
  if status == 'confirmed' and claim.reference ~= '-' then
    return claim.reference == escape(reference) and 'unchanged' or 'reference-mismatch'
  end
  confirm_claim(sale, claim, reference, trace)
  return 'done'
end

local function release(sale, claim, buyer, trace)
  local status = status_of(sale, claim)
  if status ~= 'held' and status ~= 'confirmed' then return 'unchanged' end
  if status == 'confirmed' and buyer ~= '' then return 'confirmed' end
  release_claim(sale, claim, buyer == '' and 'merchant' or 'buyer', trace)
  return 'done'
end

local function extend(sale, claim, seconds, trace)
  local status = status_of(sale, claim)
  if status == 'confirmed' then return 'confirmed' end
  if status == 'released:expired' then return 'expired' end
  if status ~= 'held' then return 'released' end
  if claim.extended == '1' then return 'unchanged' end
  local most = tonumber(sale.max_extension_seconds)
  if most == 0 or seconds > most then return 'not-extendable' end
  local by = seconds == 0 and most or seconds
  extend_claim(sale, claim, tonumber(claim.expires_at) + 1000 * by, trace)
  return 'done'
end

-- ARGV: known sequence and hash, the sale's ordinal and the claim's number as its id has them, the
-- buyer whose it must be ('': the merchant asks), the trace, and what `decide` takes.
local function change_claim(keys, argv, argument, decide)
  local ordinal, number = tonumber(argv[3]), tonumber(argv[4])
  local buyer, trace = argv[5], argv[6]
  if not ordinal or not number or not trace or not argument
      or (#trace ~= 0 and #trace ~= 25) then
    return error_reply('ERR this is no change of a claim')
  end
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  settle(sale)
  local owner
  if ordinal == sale.ordinal and number < sale.claims then
    owner = owners_of(sale, {number})[1]
  end
  if not owner or (buyer ~= '' and buyer ~= owner) then
    commit(sale)
    return {'no-claim', sale.sequence, sale.hash}
  end
  read_buyers(sale, {owner})
  local claim = claim_of(sale, owner, number)
  settle_claim(sale, claim)
  -- A claim that may come back (R20) needs an open sale and units, as a new one does.
  if not is_live(sale, claim) then
    if transition_is_due(sale) then
      commit(sale)
      return {'again', sale.sequence, sale.hash}
    end
    settle_for(sale, claim.quantity)
  end
  local change = decide(sale, claim, argument, trace)
  commit(sale)
  return {'ok', sale.sequence, sale.hash, sale.ordinal, sale.cancelled,
    sale.max_extension_seconds, change, owner, record_text(claim)}
end

register('doorbuster_confirm', function(keys, argv)
  local reference = argv[7]
  if reference and (#reference < 1 or #reference > 64) then reference = nil end
  return change_claim(keys, argv, reference, confirm)
end)

register('doorbuster_release', function(keys, argv)
  return change_claim(keys, argv, argv[5], release)
end)

register('doorbuster_extend', function(keys, argv)
  local seconds = argv[7] and find(argv[7], '^%d+$') and tonumber(argv[7])
  return change_claim(keys, argv, seconds, extend)
end)
