-- Publishing a sale, and the recipe's rounds (R14).

-- Nothing but the state says that there is a sale, so nothing of one may stand in the way.
local function leftover(keys)
  for _, key in ipairs({keys.units, keys.buyers, keys.holds, keys.events, keys.claims}) do
    if call('EXISTS', key) == 1 then
      return error_reply('ERR ' .. key .. ' is there, and its sale is not')
    end
  end
end

-- The sale of this definition, which nothing has happened to yet.
local function new_sale(keys, definition, ordinal, now, trace)
  local sale = {stored = {}}
  for _, name in ipairs(NUMBERS) do sale[name] = 0 end
  for name, value in pairs(definition) do sale[name] = value end
  begin_work(sale, keys, now)
  sale.ordinal = ordinal
  sale.hash = ''
  sale.status = 'scheduled'
  sale.version = 1
  sale.created_at = now
  sale.next_unit = 1
  happened(sale, CREATED, definition_bytes(sale), trace)
  if time_or(sale.opens_at, 0) <= now then open_sale(sale, trace) end
  return sale
end

-- The definition that stands in ARGV from `first` on, in the order of DEFINITION; nil where it
-- cannot be one.
local function read_definition(argv, first)
  local definition = {}
  for i, name in ipairs(DEFINITION) do
    definition[name] = argv[first + i - 1]
    if not definition[name] then return nil end
  end
  for i, name in ipairs(DEFINITION) do
    local text = definition[name]
    local is_text = name == 'slug' or name == 'title' or name == 'metadata'
    local may_lack = name == 'opens_at' or name == 'closes_at'
    if not is_text and not find(text, '^%d+$') and not (may_lack and text == '') then return nil end
  end
  if #definition.slug < 1 then return nil end
  return definition
end

-- ARGV: known sequence and hash, the sale's ordinal, the trace, the definition.
local function publish(keys, argv)
  local flaw = wrong_kind(keys, 1)
  if flaw then return flaw end
  local ordinal, trace, definition = tonumber(argv[3]), argv[4], read_definition(argv, 5)
  if not ordinal or not definition or (#trace ~= 0 and #trace ~= 25) then
    return error_reply('ERR this is no definition of a sale')
  end
  local known, missing = known_sequence(argv)
  if not known then return missing end
  local sale_keys = keys_of(keys, 1)
  local sale = load_sale(sale_keys)
  if not remembers(sale, known, argv[2]) then return rewound(sale) end
  if sale then
    settle(sale)
    local settled = is_settled(sale)
    commit(sale)
    if not settled then return {'again', sale.sequence, sale.hash} end
    local same = sale.deleted == 0
    for _, name in ipairs(DEFINITION) do same = same and sale[name] == definition[name] end
    return {'ok', sale.sequence, sale.hash, same and 'existing' or 'already-exists', view(sale)}
  end
  local now = clock()
  if time_or(definition.closes_at, NEVER) <= now then
    return {'ok', 0, '', 'closes-in-the-past'}
  end
  flaw = leftover(sale_keys)
  if flaw then return flaw end
  sale = new_sale(sale_keys, definition, ordinal, now, trace)
  commit(sale)
  return {'ok', sale.sequence, sale.hash, 'created', view(sale)}
end

register('doorbuster_publish', publish)

-- KEYS: the six of the newest round, the six of the next, the key of the newest round's number.
-- ARGV: the sequence and hash of the newest round that are known, the number of the newest round
-- that the keys are made for (0: there is none), the next one's ordinal, the trace, its stock.
local function publish_round(keys, argv)
  local flaw = wrong_kind(keys, 1) or wrong_kind(keys, 7)
  if flaw then return flaw end
  local newest, ordinal, trace = tonumber(argv[3]), tonumber(argv[4]), argv[5]
  local stock = argv[6]
  if not keys[13] or not newest or not ordinal or not stock or not find(stock, '^%d+$')
      or (#trace ~= 0 and #trace ~= 25) then
    return error_reply('ERR this is no round')
  end
  local known, missing = known_sequence(argv)
  if not known then return missing end
  local rounds = tonumber(call('GET', keys[13]) or 0)
  if rounds > newest then return {'round', rounds} end
  local before = load_sale(keys_of(keys, 1))
  if rounds < newest or not remembers(before, known, argv[2]) then return rewound(before) end
  local next_keys = keys_of(keys, 7)
  flaw = leftover(next_keys)
  if call('EXISTS', next_keys.state) == 1 then
    flaw = error_reply('ERR ' .. next_keys.state .. ' is there, and is no round yet')
  end
  if flaw then return flaw end
  local now = clock()
  if before then
    settle(before)
    if not is_settled(before) then
      commit(before)
      return {'again', before.sequence, before.hash}
    end
    now = before.now
    if before.deleted == 0 and before.status ~= 'closed' then close_sale(before, trace) end
  end
  local round = new_sale(next_keys, {slug = 'goods-' .. decimal(newest + 1),
    title = char(2) .. text_bytes('') .. text_bytes('Goods'), stock = stock, per_buyer_limit = '1',
    hold_seconds = '0', opens_at = '', closes_at = '', late_payment = '0', claim_attempts = '5',
    max_extension_seconds = '0', archive_after_seconds = '0', reveal = '0', metadata = '{}'},
    ordinal, now, trace)
  if before then commit(before) end
  commit(round)
  call('SET', keys[13], decimal(newest + 1))
  return {'ok', round.sequence, round.hash, 'created', view(round),
    before and before.sequence or 0, before and before.hash or ''}
end

register('doorbuster_publish_round', publish_round)
