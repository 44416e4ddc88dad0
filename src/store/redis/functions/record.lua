-- A claim as a line of text, as it stands in the hash of buyers: of what one buyer ever claimed a
-- line each, the oldest first.
--   units status number sequence claimed_at expires_at [late extended key reference refunds]
-- "7-9,4 held 12 31 1764175200000 1764175260000"; "-" is what there is not. The last five are there
-- when one of them is not "0" or "-".

-- Units `first`, `first + 1` ... as "7" or "7-9".
local function run_text(first, count)
  if count == 1 then return decimal(first) end
  return decimal(first) .. '-' .. decimal(first + count - 1)
end

local function runs_text(runs)
  if #runs == 1 then return run_text(runs[1][1], runs[1][2]) end
  local texts = {}
  for i, run in ipairs(runs) do texts[i] = run_text(run[1], run[2]) end
  return concat(texts, ',')
end

-- The runs of such a text, each {first, count}, and how many units they are.
local function read_runs(text)
  local runs, units = {}, 0
  for first, last in gmatch(text, '(%d+)-?(%d*)') do
    first = tonumber(first)
    local count = last == '' and 1 or tonumber(last) - first + 1
    runs[#runs + 1] = {first, count}
    units = units + count
  end
  return runs, units
end

-- A text of strangers without spaces, commas and line ends.
local function escape(text)
  if text == '' then return '-' end
  if find(text, '^[%w_][%w_.-]*$') then return text end
  return (gsub(text, '[^%w_.]', function(byte) return format('%%%02x', byte:byte()) end))
end

local MORE_PATTERN = '^ ([01]) ([01]) (%S+) (%S+) (%S+)$'

local function read_record(line, buyer)
  local units, status, number, sequence, at, expires_at, more =
    match(line, '^([%d,-]+) ([%a:]+) (%d+) (%d+) (%d+) (%S+)(.*)$')
  local late, extended, key, reference, refunds = '0', '0', '-', '-', '-'
  if more ~= '' then late, extended, key, reference, refunds = match(more or '', MORE_PATTERN) end
  if not late then error('a claim of buyer ' .. buyer .. ' cannot be read: ' .. line) end
  local quantity = 1
  if find(units, '[,-]') then
    local _
    _, quantity = read_runs(units)
  end
  return {
    buyer = buyer, units = units, quantity = quantity, status = status, number = tonumber(number),
    sequence = sequence, at = at, expires_at = expires_at, late = late, extended = extended,
    key = key, reference = reference, refunds = refunds,
  }
end

-- What the line ends with.
local function more_text(late, extended, key, reference, refunds)
  local more = ' ' .. concat({late, extended, key, reference, refunds}, ' ')
  return more == ' 0 0 - - -' and '' or more
end

local function record_text(claim)
  return concat({claim.units, claim.status, decimal(claim.number), claim.sequence, claim.at,
    claim.expires_at}, ' ')
    .. more_text(claim.late, claim.extended, claim.key, claim.reference, claim.refunds)
end

local function is_live(sale, claim)
  return claim.status == 'confirmed' or (claim.status == 'held' and sale.cancelled == 0)
end

-- A claim as it stands: cancelling the sale released every hold by one event.
local function status_of(sale, claim)
  if claim.status == 'held' and sale.cancelled == 1 then return 'released:cancelled' end
  return claim.status
end
