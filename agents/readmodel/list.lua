-- Reads some of the bills of a conveyance or of a day in one piece, each once, by part and then by bill.
--
-- KEYS[1]  the positions
-- ARGV     prefix of all keys, what is listed such as `conveyance:air:1` or `day:2025-08-20`, number of its parts (0: it
--          has none), part and bill after which it goes on ('' at the beginning), how many bills, then the lists
-- Answers  {positions, part and bill of the last one or '' if there are no more, current decisions of each bill}
local call, byte = redis.call, string.byte
local prefix, place = ARGV[1], ARGV[2]
local parts, part, after, count = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])

-- By code point, as Redis orders a list; `<` would compare as the locale of Redis wants.
local function is_lower(one, other)
  for at = 1, math.min(#one, #other) do
    local difference = byte(one, at) - byte(other, at)
    if difference ~= 0 then return difference < 0 end
  end
  return #one < #other
end

-- The first bills of a part, of all lists together: each list has its first ones, so the first of all are among them.
local function first_bills(number, from, most)
  local heads = {}
  local ending = parts > 0 and '/' .. number or ''
  for list = 7, #ARGV do
    local name = prefix .. place .. '/' .. ARGV[list] .. ending
    local bills = call('ZRANGEBYLEX', name, from, '+', 'LIMIT', 0, most)
    if #bills > 0 then heads[#heads + 1] = {bills = bills, at = 1} end
  end
  local merged = {}
  while #merged < most and #heads > 0 do
    local lowest = 1
    for number = 2, #heads do
      if is_lower(heads[number].bills[heads[number].at], heads[lowest].bills[heads[lowest].at]) then
        lowest = number
      end
    end
    local head = heads[lowest]
    local bill = head.bills[head.at]
    if merged[#merged] ~= bill then merged[#merged + 1] = bill end
    head.at = head.at + 1
    if head.at > #head.bills then table.remove(heads, lowest) end
  end
  return merged
end

local found, last = {}, ''
local from = after == '' and '-' or '(' .. after
repeat
  -- One more than wanted tells whether there are more.
  for _, bill in ipairs(first_bills(part, from, count + 1 - #found)) do
    if #found == count then return {call('HGETALL', KEYS[1]), last, found} end
    found[#found + 1] = call('HVALS', prefix .. 'bill:' .. bill)
    last = part .. '.' .. bill
  end
  part, from = part + 1, '-'
until part >= parts
return {call('HGETALL', KEYS[1]), '', found}
