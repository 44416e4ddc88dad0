-- A sale and its claims as they stand, for who asks. Reads write nothing: where something is due
-- they say so, and the caller has it settled first (doorbuster_settle).

-- Every field in the order of FIELDS, the time and when a unit may come back.
local function view(sale)
  local values = {}
  for i, name in ipairs(fields()) do values[i] = sale[name] end
  values[#values + 1] = sale.now
  values[#values + 1] = next_return_at(sale)
  return values
end

-- `answer` of a sale in which nothing is due.
local function read(keys, argv, answer)
  local sale, refusal = enter(keys, argv)
  if not sale then return refusal end
  if not is_settled(sale) then return {'due', sale.sequence, sale.hash} end
  return answer(sale)
end

-- Buyer, line, buyer, line ... of these numbers, which exist.
local function lines_of(sale, numbers)
  local lines = {}
  if #numbers == 0 then return lines end
  local names = owners_of(sale, numbers)
  read_buyers(sale, names)
  for i, name in ipairs(names) do
    lines[2 * i - 1] = name
    lines[2 * i] = record_text(claim_of(sale, name, numbers[i]))
  end
  return lines
end

local function read_sale(keys, argv)
  return read(keys, argv, function(sale)
    return {'ok', sale.sequence, sale.hash, view(sale)}
  end)
end

-- ARGV: known sequence and hash, buyer. All that he ever claimed, the oldest first.
local function read_buyer(keys, argv)
  if not argv[3] then return error_reply('ERR the buyer is missing') end
  return read(keys, argv, function(sale)
    read_buyers(sale, {argv[3]})
    local lines = {}
    for _, claim in ipairs(claims_of(sale, argv[3])) do
      lines[#lines + 1] = argv[3]
      lines[#lines + 1] = record_text(claim)
    end
    return {'ok', sale.sequence, sale.hash, view(sale), lines}
  end)
end

-- ARGV: known sequence and hash, the sale's ordinal and the claim's number as its id has them.
local function read_claim(keys, argv)
  local ordinal, number = tonumber(argv[3]), tonumber(argv[4])
  if not ordinal or not number then return error_reply('ERR the claim is missing') end
  return read(keys, argv, function(sale)
    if ordinal ~= sale.ordinal or number >= sale.claims then
      return {'no-claim', sale.sequence, sale.hash}
    end
    return {'ok', sale.sequence, sale.hash, view(sale), lines_of(sale, {number})}
  end)
end

-- ARGV: known sequence and hash, first number, how many at most (256), below which number.
local function list_claims(keys, argv)
  local from, limit, below = tonumber(argv[3]), tonumber(argv[4]), tonumber(argv[5])
  if not from or not limit or not below or limit < 1 or limit > 256 then
    return error_reply('ERR this is no part of a list of claims')
  end
  return read(keys, argv, function(sale)
    local last = min(from + limit, below, sale.claims)
    local numbers = {}
    for number = from, last - 1 do numbers[#numbers + 1] = number end
    return {'ok', sale.sequence, sale.hash, view(sale), lines_of(sale, numbers)}
  end)
end

local NO_WRITES = {'no-writes'}
register('doorbuster_read_sale', read_sale, NO_WRITES)
register('doorbuster_read_buyer', read_buyer, NO_WRITES)
register('doorbuster_read_claim', read_claim, NO_WRITES)
register('doorbuster_list_claims', list_claims, NO_WRITES)
