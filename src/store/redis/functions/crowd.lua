-- The crowd: claims of one unit each by buyers who never claimed before, while there are units
-- that nobody ever had. It is what grant() does, for a third of its price: numbers that follow each
-- other differ in their last digits alone, so their text and their bytes are read off tables.

local DIGITS, PADDED = {}, {}  -- 0 to 99 as text: "7", "07"
local LAST, MORE = {}, {}      -- 0 to 127 as the last byte of a varint, and as one before others

local function make_tables()
  for n = 0, 99 do DIGITS[n], PADDED[n] = format('%d', n), format('%02d', n) end
  for n = 0, 127 do LAST[n], MORE[n] = char(n), char(n + 128) end
end

-- `number` and those that follow it, as text: what they begin with, the table of how they end,
-- where in it `number` is, and how many of them it has.
local function texts_from(number)
  local at = number % 100
  if number < 100 then return '', DIGITS, at, 100 - at end
  return decimal((number - at) / 100), PADDED, at, 100 - at
end

-- The same as varints: the table of how they begin, and what they end with.
local function varints_from(number)
  local at = number % 128
  if number < 128 then return '', LAST, at, 128 - at end
  return varint((number - at) / 128), MORE, at, 128 - at
end

-- Grants claims from the `from`th on; how many, and the line of the first. It ends where one needs
-- more thought, or a number begins otherwise. The sale is open and nothing is due in it.
local function grant_crowd(sale, claims, from)
  local names, stored, particulars = claims.names, claims.stored, claims.particulars
  local buyers, events, lines, holds = sale.buyers, sale.events, sale.new_lines, sale.new_holds
  if stored[from] or buyers[names[from]] ~= nil or available(sale) == 0 then return 0 end
  if not LAST[0] then make_tables() end
  local unit, number, sequence = sale.next_unit, sale.claims, sale.sequence + 1
  local unit_text, unit_ends, unit_digits, most_1 = texts_from(unit)
  local number_text, number_ends, number_digits, most_2 = texts_from(number)
  local sequence_text, sequence_ends, sequence_digits, most_3 = texts_from(sequence)
  local unit_rest, unit_begins, unit_byte, most_4 = varints_from(unit)
  local number_rest, number_begins, number_byte, most_5 = varints_from(number)
  local sequence_rest, sequence_begins, sequence_byte, most_6 = varints_from(sequence)
  local most = min(#names - from + 1, available(sale), most_1, most_2, most_3, most_4,
    most_5, most_6)

  local flags = sequence_rest .. sale.now_bytes .. sale.flags
  local flags_with_key = sequence_rest .. sale.now_bytes .. sale.flags_with_key
  local after_unit = unit_rest .. '\1' .. sale.deadline_bytes
  -- Bytes of an event but for the name and what not all have: kind, three first bytes of numbers,
  -- the length of the name and how many runs of units there are.
  local fixed = 6 + #flags + #number_rest + #after_unit
  local before_number, before_sequence = sale.new_status .. number_text, ' ' .. sequence_text
  local line_end = sale.grant_times .. more_text(sale.late_payment, '0', '-', '-', '-')
  local deadline, hold_text = sale.deadline, format('%08d', (number - number_digits) / 100)

  -- Where the next goes: `#` counts each time.
  local event_at, line_at, hold_at = #events + 1, #lines + 1, #holds + 1
  local first_line
  local done = 0
  while done < most do
    local place = from + done
    local name = names[place]
    if buyers[name] ~= nil or stored[place] then break end
    local size = #name
    local head, middle, tail, key_bytes = '\16', flags, line_end, ''
    local name_size, all = LAST[size] or varint(size), fixed + size
    local particular = particulars[place]
    if particular then
      if particular.quantity ~= 1 then break end
      local key, trace = particular.key, particular.trace
      if trace ~= '' then head = '\144' .. trace end
      if key ~= '' then
        middle, key_bytes = flags_with_key, text_bytes(key)
        tail = sale.grant_times .. more_text(sale.late_payment, '0', escape(key), '-', '-')
      end
      all = all + #trace + #key_bytes
    end
    if size > 127 then all = all + 1 end

    events[event_at] = (LAST[all] or varint(all)) .. head
      .. sequence_begins[sequence_byte + done] .. middle .. number_begins[number_byte + done]
      .. number_rest .. name_size .. name .. '\1' .. unit_begins[unit_byte + done] .. after_unit
      .. key_bytes
    event_at = event_at + 1

    local line = unit_text .. unit_ends[unit_digits + done] .. before_number
      .. number_ends[number_digits + done] .. before_sequence
      .. sequence_ends[sequence_digits + done] .. tail
    buyers[name] = line
    lines[line_at] = name
    lines[line_at + 1] = line
    line_at = line_at + 2
    if deadline then
      holds[hold_at] = deadline
      holds[hold_at + 1] = hold_text .. PADDED[number_digits + done]
      hold_at = hold_at + 2
    end
    first_line = first_line or line
    done = done + 1
  end
  if done == 0 then return 0 end
  add_claims(sale, names, from, from + done - 1)
  sale.next_unit, sale.sequence = unit + done, sequence + done - 1
  sale.last_event_at = sale.now
  local total = deadline and 'held' or 'confirmed'
  sale[total] = sale[total] + done
  return done, first_line
end
