-- The bytes of an event (docs/formats.md): the same as src/sale/event_codec.cc writes.

local CREATED, UPDATED, OPENED, PAUSED, RESUMED, CLOSED, CANCELLED, DELETED = 1, 2, 3, 4, 5, 6, 7, 8
local GRANTED, CONFIRMED, RELEASED, EXTENDED, REACQUIRED, REFUND = 16, 17, 18, 19, 20, 21

local function varint(n)
  if n < 128 then return char(n) end
  if n < 16384 then return char(n % 128 + 128, floor(n / 128)) end
  if n < 2097152 then
    return char(n % 128 + 128, floor(n / 128) % 128 + 128, floor(n / 16384))
  end
  return char(n % 128 + 128, floor(n / 128) % 128 + 128, floor(n / 16384) % 128 + 128)
    .. varint(floor(n / 2097152))
end

local function text_bytes(text)
  return varint(#text) .. text
end

local function number_member(tag, value, default)
  if value == default then return '' end
  return char(tag) .. varint(tonumber(value))
end

-- `title` is kept as its members' bytes already.
local function definition_bytes(sale)
  return char(1) .. text_bytes(sale.slug) .. sale.title
    .. number_member(3, sale.stock, '0')
    .. number_member(4, sale.per_buyer_limit, '1')
    .. number_member(5, sale.hold_seconds, '0')
    .. number_member(6, sale.opens_at, '')
    .. number_member(7, sale.closes_at, '')
    .. number_member(8, sale.late_payment, '0')
    .. number_member(9, sale.claim_attempts, '5')
    .. number_member(10, sale.max_extension_seconds, '0')
    .. number_member(11, sale.archive_after_seconds, '0')
    .. number_member(12, sale.reveal, '0')
    .. (sale.metadata == '{}' and '' or char(13) .. text_bytes(sale.metadata))
    .. char(0)
end

local function runs_bytes(runs)
  local bytes = {varint(#runs)}
  for i, run in ipairs(runs) do bytes[i + 1] = varint(run[1]) .. varint(run[2]) end
  return concat(bytes)
end

local function of_claim_bytes(claim)
  return varint(claim.number) .. text_bytes(claim.buyer) .. varint(claim.quantity)
end
