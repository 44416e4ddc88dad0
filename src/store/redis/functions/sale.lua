-- A sale while a function works on it: what is stored, as a table, and what is to be written.

local KINDS = {'hash', 'list', 'hash', 'zset', 'stream', 'hash'}

-- Kept as the text that the merchant's numbers came as; '' is a time that was not given.
local DEFINITION = {'slug', 'title', 'stock', 'per_buyer_limit', 'hold_seconds', 'opens_at',
  'closes_at', 'late_payment', 'claim_attempts', 'max_extension_seconds', 'archive_after_seconds',
  'reveal', 'metadata'}
local WORDS = {'status', 'hash'}
local NUMBERS = {'ordinal', 'version', 'opened', 'cancelled', 'deleted', 'closed_at', 'created_at',
  'last_event_at', 'sequence', 'held', 'confirmed', 'claims', 'next_unit', 'returned',
  'released:buyer', 'released:merchant', 'released:expired', 'released:cancelled', 'trimmed'}

-- All of them, in this order.
local FIELDS = {}

local function fields()
  if #FIELDS == 0 then
    for _, names in ipairs({DEFINITION, WORDS, NUMBERS}) do
      for _, name in ipairs(names) do FIELDS[#FIELDS + 1] = name end
    end
  end
  return FIELDS
end

-- The keys of one sale, in the order of KINDS, from the `first`th on.
local function keys_of(keys, first)
  return {state = keys[first], units = keys[first + 1], buyers = keys[first + 2],
    holds = keys[first + 3], events = keys[first + 4], claims = keys[first + 5]}
end

-- An error where a key holds what no sale has there; nothing when all are right.
local function wrong_kind(keys, first)
  for i = 1, #KINDS do
    local key = keys[first + i - 1]
    if not key then return error_reply('ERR a key of the sale is missing') end
    local kind = call('TYPE', key).ok
    if kind ~= 'none' and kind ~= KINDS[i] then
      return error_reply('WRONGTYPE ' .. key .. ' holds a ' .. kind .. ', not a ' .. KINDS[i])
    end
  end
end

-- What a sale that is worked on has besides its fields.
local function begin_work(sale, keys, now)
  sale.keys = keys
  sale.now = now
  sale.now_bytes = varint(now)
  sale.events = {}
  sale.stock_count = tonumber(sale.stock)
  sale.buyers = {}           -- by name, of those that were read: false (never claimed), the text
                             -- that is stored, or the claims that stand in it
  sale.new_lines = {}        -- buyer, line, ... of those who never claimed before
  sale.changed_buyers = {}   -- names of others, to be written
  sale.has_changed = {}      -- the same as a set
  sale.new_owners = {}       -- number of a claim, buyers of it and those that follow, ...
  sale.new_holds = {}        -- deadline, member, ...
  sale.ended_holds = {}      -- members
  sale.has_ended = {}        -- the same as a set
  sale.due_left = 64         -- ends of holds and openings that this call may still settle (R13)
  return sale
end

-- The sale under these keys, or nil.
local function load_sale(keys)
  local found = call('HGETALL', keys.state)
  if #found == 0 then return nil end
  local stored, sale = {}, {}
  for i = 1, #found, 2 do stored[found[i]] = found[i + 1] end
  for _, name in ipairs(NUMBERS) do stored[name] = tonumber(stored[name]) end
  for _, name in ipairs(fields()) do
    sale[name] = stored[name]
    if not sale[name] then error(keys.state .. ' lacks its field ' .. name) end
  end
  sale.stored = stored
  return begin_work(sale, keys, max(clock(), sale.last_event_at))
end

-- Whether the sale's history holds what the caller was told last: at this sequence, this hash. Of
-- what was trimmed nobody knows any more, and it is believed.
local function remembers(sale, sequence, hash)
  if sequence == 0 or (sale and sequence <= sale.trimmed) then return true end
  if not sale or sequence > sale.sequence then return false end
  if sequence == sale.sequence then return hash == sale.hash end
  local id = decimal(sequence) .. '-0'
  local entry = call('XRANGE', sale.keys.events, id, id)[1]
  return entry ~= nil and entry[2][2] == hash
end

-- The sequence that the caller was told last, or nil and an error where that is missing.
local function known_sequence(argv)
  if argv[2] and find(argv[1], '^%d+$') then return tonumber(argv[1]) end
  return nil, error_reply('ERR the sequence and hash that are known are missing')
end

local function rewound(sale)
  return {'rewound', sale and sale.sequence or 0, sale and sale.hash or ''}
end

-- The reply where a call goes no further: its keys are of other kinds, or the history under them
-- does not hold what the caller was told. Otherwise nil, the sale, nil where there is none, and the
-- sequence that is known.
local function enter_history(keys, argv)
  local flaw = wrong_kind(keys, 1)
  if flaw then return flaw end
  local known, missing = known_sequence(argv)
  if not known then return missing end
  local sale = load_sale(keys_of(keys, 1))
  if not remembers(sale, known, argv[2]) then return rewound(sale) end
  return nil, sale, known
end

-- The sale that a call is about, or nil and the reply. KEYS: its six, and when it was asked for as
-- `goods` also the key of the newest round. ARGV: the sequence and the hash that the caller was
-- told last, and then what the function takes.
local function enter(keys, argv)
  -- Before the round: a server that has lost it would send its caller to an older one.
  local reply, sale = enter_history(keys, argv)
  if reply then return nil, reply end
  if keys[7] then
    local newest = call('GET', keys[7])
    if not newest then return nil, {'no-sale'} end
    if keys[1] ~= '{goods}-' .. newest .. ':state' then return nil, {'round', tonumber(newest)} end
  end
  if not sale or sale.deleted == 1 then return nil, {'no-sale'} end
  return sale
end

local function available(sale)
  return sale.stock_count - sale.held - sale.confirmed
end

-- The next event of the sale. `trace`: of the request that caused it, or ''.
local function happened(sale, kind, body, trace)
  local sequence = sale.sequence + 1
  sale.sequence = sequence
  sale.last_event_at = sale.now
  local bytes = (trace == '' and char(kind) or char(kind + 128) .. trace)
    .. varint(sequence) .. sale.now_bytes .. body
  local events = sale.events
  local n = #events
  events[n + 1] = varint(#bytes)
  events[n + 2] = bytes
end

-- Reads these buyers, those that were not read yet, at once.
local function read_buyers(sale, names)
  local buyers, wanted, count = sale.buyers, {}, 0
  for i = 1, #names do
    local name = names[i]
    if buyers[name] == nil then
      buyers[name] = false
      count = count + 1
      wanted[count] = name
    end
  end
  for from = 1, count, 4000 do
    local to = min(from + 3999, count)
    local texts = call('HMGET', sale.keys.buyers, unpack(wanted, from, to))
    for i = from, to do buyers[wanted[i]] = texts[i - from + 1] end
  end
end

-- The claims of a buyer that was read, the oldest first.
local function claims_of(sale, buyer)
  local claims = sale.buyers[buyer]
  if type(claims) == 'table' then return claims end
  local text = claims or ''
  claims = {}
  for line in gmatch(text, '[^\n]+') do claims[#claims + 1] = read_record(line, buyer) end
  sale.buyers[buyer] = claims
  return claims
end

local function changed(sale, buyer)
  if sale.has_changed[buyer] then return end
  sale.has_changed[buyer] = true
  local names = sale.changed_buyers
  names[#names + 1] = buyer
end

-- Whose each claim is, by its number, stands in the hash of claims: buyers of so many claims that
-- follow each other in one field, a line each, under the number of the first.
local OWNERS = 16

-- The next claims are of these buyers, the `from`th to the `to`th of `names`.
local function add_claims(sale, names, from, to)
  local owners = sale.new_owners
  while from <= to do
    local at = sale.claims % OWNERS
    local last = min(to, from + OWNERS - 1 - at)
    local lines = concat(names, '\n', from, last)
    if at == 0 or #owners == 0 then
      local first = decimal(sale.claims - at)
      owners[#owners + 1] = first
      if at > 0 then
        local before = call('HGET', sale.keys.claims, first) or ''
        local _, ends = gsub(before, '\n', '')
        if before == '' or ends ~= at - 1 then
          error(sale.keys.claims .. ' has not the ' .. at .. ' claims from ' .. first .. ' on')
        end
        lines = before .. '\n' .. lines
      end
      owners[#owners + 1] = lines
    else
      owners[#owners] = owners[#owners] .. '\n' .. lines
    end
    sale.claims = sale.claims + last - from + 1
    from = last + 1
  end
end

-- Whose the claims of these numbers are; they exist.
local function owners_of(sale, numbers)
  local fields, place_of = {}, {}
  for i = 1, #numbers do
    local first = numbers[i] - numbers[i] % OWNERS
    if not place_of[first] then
      fields[#fields + 1] = decimal(first)
      place_of[first] = #fields
    end
  end
  local texts = call('HMGET', sale.keys.claims, unpack(fields))
  local names, lines_of = {}, {}
  for i = 1, #numbers do
    local at = numbers[i] % OWNERS
    local place = place_of[numbers[i] - at]
    local lines = lines_of[place]
    if not lines then
      lines = {}
      for line in gmatch(texts[place] or '', '[^\n]+') do lines[#lines + 1] = line end
      lines_of[place] = lines
    end
    names[i] = lines[at + 1] or error(sale.keys.claims .. ' lacks claim ' .. decimal(numbers[i]))
  end
  return names
end

-- The claim of this number, whose buyer was read.
local function claim_of(sale, buyer, number)
  for _, claim in ipairs(claims_of(sale, buyer)) do
    if claim.number == number then return claim end
  end
  error('buyer ' .. buyer .. ' has no claim ' .. number)
end

local function text_of(claims)
  if type(claims) == 'string' then return claims end
  local lines = {}
  for i, claim in ipairs(claims) do lines[i] = record_text(claim) end
  return concat(lines, '\n')
end

-- The fields that have changed.
local function write_state(sale)
  local changes, n, stored = {}, 0, sale.stored
  for _, name in ipairs(fields()) do
    if sale[name] ~= stored[name] then
      changes[n + 1] = name
      changes[n + 2] = sale[name]
      n = n + 2
    end
  end
  call('HSET', sale.keys.state, unpack(changes))
end

-- Writes what has happened. The stream comes first: it alone could refuse, where it holds later
-- entries than the state knows of, and then nothing has been written.
local function commit(sale)
  if #sale.events == 0 then return end
  local keys = sale.keys
  -- Whoever claimed more than once in this call is there twice: the last counts.
  local written = sale.new_lines
  for _, name in ipairs(sale.changed_buyers) do
    written[#written + 1] = name
    written[#written + 1] = text_of(sale.buyers[name])
  end
  local bytes = concat(sale.events)
  sale.events = {}
  sale.hash = sha1hex(sale.hash .. bytes)
  call('XADD', keys.events, decimal(sale.sequence) .. '-0', 'hash', sale.hash, 'events', bytes)
  write_state(sale)
  call_with_many('HSET', keys.buyers, written)
  call_with_many('HSET', keys.claims, sale.new_owners)
  call_with_many('ZREM', keys.holds, sale.ended_holds)
  call_with_many('ZADD', keys.holds, sale.new_holds)
  write_units(sale)
end
