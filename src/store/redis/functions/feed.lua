-- The feed of all sales: an index of stretches of the sales' streams, in a slot of its own. A sale
-- and the index are in two slots, so a gateway carries from one to the other: it reads how far the
-- history of a sale goes (doorbuster_read_place) and has that put into the index
-- (doorbuster_relay), which refuses it unless the index ends where the gateway began to read. So
-- any number of gateways may do that at once, and each event is in the index once.

local FEED_KINDS = {'stream', 'hash', 'hash'}

-- Of entries of the index that nobody needs any more, no more than these make way in one call,
-- which adds one at most.
local MOST_DROPPED = 2

-- Those of the oldest that make way, when there are `more` entries and the last event is at
-- `position`.
local function read_dropped(key, more, position, kept, events)
  local spare = call('XLEN', key) + more - kept
  local dropped = {}
  for i, entry in ipairs(call('XRANGE', key, '-', '+', 'COUNT', MOST_DROPPED)) do
    if i > spare and tonumber(match(entry[1], '^%d+')) > position - events then break end
    dropped[i] = {id = entry[1], slug = entry[2][2], last = entry[2][6]}
  end
  return dropped
end

-- KEYS: the index, a hash of slugs with the place up to which the sale is in the index, a hash of
-- slugs with the last sequence that has left it, or `whole`. ARGV: sequence and hash where the sale
-- is believed to be, the sequence behind which the stretch begins, sequence and hash of its end, the
-- slug, and how many entries of the index and how many events are to be kept at least. The stretch
-- begins at that place, but where its history was rewound and is taken as it is: then before it, and
-- if nothing has happened since, only the place is set back. Stretches of such a sale overlap, and
-- so its history is kept whole.
local function relay(keys, argv)
  for i, kind in ipairs(FEED_KINDS) do
    if not keys[i] then return error_reply('ERR a key of the feed is missing') end
    local found = call('TYPE', keys[i]).ok
    if found ~= 'none' and found ~= kind then
      return error_reply('WRONGTYPE ' .. keys[i] .. ' holds a ' .. found .. ', not a ' .. kind)
    end
  end
  local from, missing = known_sequence(argv)
  if not from then return missing end
  local last_hash, slug, kept, events = argv[5], argv[6], argv[7], argv[8]
  local before = find(argv[3] or '', '^%d+$') and tonumber(argv[3])
  local last = find(argv[4] or '', '^%d+$') and tonumber(argv[4])
  if not before or not last or before > from or before > last or last == from and before == from
    or last == 0 or not slug or slug == '' or not find(kept or '', '^[1-9]%d*$')
    or not find(events or '', '^[1-9]%d*$') then
    return error_reply('ERR this is no stretch of a sale')
  end
  local sequence, hash = 0, ''
  local stored = call('HGET', keys[2], slug)
  if stored then
    sequence, hash = match(stored, '^(%d+) (%x+)$')
    sequence = tonumber(sequence)
    if not sequence then return error_reply('ERR ' .. keys[2] .. ' has no place for ' .. slug) end
  end
  if sequence ~= from or hash ~= argv[2] then return {'other', sequence, hash} end
  local newest = call('XREVRANGE', keys[1], '+', '-', 'COUNT', 1)[1]
  local position = (newest and tonumber(match(newest[1], '^%d+')) or 0) + last - before
  local dropped = read_dropped(keys[1], last > before and 1 or 0, position, tonumber(kept),
    tonumber(events))
  for _, entry in ipairs(dropped) do
    entry.is_of_whole = call('HGET', keys[3], entry.slug) == 'whole'
  end
  if last > before then
    call('XADD', keys[1], decimal(position) .. '-0', 'sale', slug,
      'before', decimal(before), 'last', decimal(last), 'hash', last_hash)
  end
  call('HSET', keys[2], slug, decimal(last) .. ' ' .. last_hash)
  if before < from then call('HSET', keys[3], slug, 'whole') end
  for _, entry in ipairs(dropped) do
    call('XDEL', keys[1], entry.id)
    if not entry.is_of_whole and not (before < from and entry.slug == slug) then
      call('HSET', keys[3], entry.slug, entry.last)
    end
  end
  return {'ok', position}
end

-- KEYS: the sale's six. ARGV: known sequence and hash, a number of events. The first place in the
-- history that has as many behind the known one, or where it ends.
local function read_place(keys, argv)
  local most = tonumber(argv[3])
  if not most or most < 1 then return error_reply('ERR this is no number of events') end
  local reply, sale, known = enter_history(keys, argv)
  if reply or not sale then return reply or {'no-sale'} end
  local sequence, hash = sale.sequence, sale.hash
  if sequence - known > most then
    local entry = call('XRANGE', sale.keys.events, decimal(known + most) .. '-0', '+', 'COUNT', 1)[1]
    sequence, hash = tonumber(match(entry[1], '^%d+')), entry[2][2]
  end
  return {'ok', sequence, hash}
end

-- KEYS: the sale's six. ARGV: known sequence and hash, a sequence behind which entries of the
-- stream are wanted, up to the known one, and how many events they are to have if there are as
-- many.
local function read_history(keys, argv)
  local first, most = tonumber(argv[3]), tonumber(argv[4])
  if not first or not most or first < 0 or most < 1 or most > 1000 then
    return error_reply('ERR this is no part of a history')
  end
  local reply, sale, known = enter_history(keys, argv)
  if reply or not sale then return reply or {'no-sale'} end
  local entries, after = {}, first
  while after < known and after - first < most do
    local found = call('XRANGE', sale.keys.events, '(' .. decimal(after) .. '-0',
      decimal(known) .. '-0', 'COUNT', 16)
    if #found == 0 then break end
    for _, entry in ipairs(found) do entries[#entries + 1] = entry end
    after = tonumber(match(found[#found][1], '^%d+'))
  end
  return {'ok', sale.sequence, sale.hash, sale.ordinal, sale.trimmed, entries}
end

-- Entries of a stream that one call trims at most, about.
local MOST_TRIMMED = 10000

-- KEYS: the sale's six. ARGV: known sequence and hash, the last sequence that the index has no need
-- of any more: entries up to there may go.
local function trim(keys, argv)
  local last = find(argv[3] or '', '^%d+$') and tonumber(argv[3])
  local reply, sale, known = enter_history(keys, argv)
  if reply or not sale then return reply or {'no-sale'} end
  if not last or last > known then return error_reply('ERR this is no part of a history') end
  if last > sale.trimmed then call('HSET', sale.keys.state, 'trimmed', decimal(last)) end
  local count = call('XTRIM', sale.keys.events, 'MINID', '~', decimal(last + 1) .. '-0', 'LIMIT',
    MOST_TRIMMED)
  return {2 * count < MOST_TRIMMED and 'ok' or 'again', sale.sequence, sale.hash}
end

register('doorbuster_relay', relay)
register('doorbuster_trim', trim, {'allow-oom'})  -- it gives memory back
register('doorbuster_read_place', read_place, NO_WRITES)
register('doorbuster_read_history', read_history, NO_WRITES)
