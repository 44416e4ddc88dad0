-- Which sales there are, in the order of their creation: each slug has a number, its ordinal, for
-- ever. It is given before the sale is there, since that is in a slot of its own: a slug whose sale
-- was never created has one too.

-- KEYS: a hash of slugs with their ordinals, a list of slugs by ordinal. ARGV: the slug.
local function register_slug(keys, argv)
  local slug = argv[1]
  if not keys[2] or not slug or #slug < 1 then return error_reply('ERR the slug is missing') end
  local kinds = {call('TYPE', keys[1]).ok, call('TYPE', keys[2]).ok}
  for i, kind in ipairs({'hash', 'list'}) do
    if kinds[i] ~= 'none' and kinds[i] ~= kind then
      return error_reply('ERR ' .. keys[i] .. ' is no ' .. kind)
    end
  end
  local ordinal = call('HGET', keys[1], slug)
  if ordinal then return tonumber(ordinal) end
  local next_ordinal = call('LLEN', keys[2])
  if call('HLEN', keys[1]) ~= next_ordinal then
    return error_reply('ERR ' .. keys[1] .. ' and ' .. keys[2] .. ' do not have the same slugs')
  end
  call('RPUSH', keys[2], slug)
  call('HSET', keys[1], slug, next_ordinal)
  return next_ordinal
end

register('doorbuster_register', register_slug)
