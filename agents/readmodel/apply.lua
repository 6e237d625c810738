-- Applies a run of records of one partition, if it goes on exactly where Redis stands; all of it or nothing.
--
-- KEYS[1]  the positions
-- ARGV     prefix of all keys, partition such as `decisions/3`, position from, position to, partition count,
--          time in ms at which nothing more was to be read or '', seconds to live, length of `changes`, kind, then items:
--   decisions  bill, conveyance, what is kept (see docs/read-model.md), offset, name of the list of its ledger or ''
--   alerts     consignee/ledger, id, alert
-- Answers  {'applied', how many changed something}, {'elsewhere', position or ''} or {'sweeping', token}
local call, find, sub, byte = redis.call, string.find, string.sub, string.byte
local positions, prefix, partition, from, to = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local fresh, ttl, length, kind = ARGV[6], ARGV[7], ARGV[8], ARGV[9]

local stands = call('HMGET', positions, 'sweeping', 'at:' .. partition)
if stands[1] then return {'sweeping', stands[1]} end
if (stands[2] or '') ~= from then return {'elsewhere', stands[2] or ''} end

local touched = {}
local changed = 0

-- The ledger's total is there where it is not zero, so that any order of the same decisions leaves the same keys.
local function add(place, cents)
  if cents == 0 then return end
  local total = prefix .. 'total:' .. place
  if call('INCRBY', total, cents) == 0 then
    call('DEL', total)
  else
    touched[total] = true
  end
end

local function cents_and_place(value)
  local bar = find(value, '|', 64, true)
  return tonumber(sub(value, 64, bar - 1)), sub(value, bar + 1, find(value, '|', bar + 1, true) - 1)
end

-- How soon this is the bill's answer (20 digits, of which the last 8 are the day), and the list of its outcome.
local function preference_and_list(value)
  local start = find(value, '|', find(value, '|', 64, true) + 1, true) + 1
  return sub(value, start, start + 19), sub(value, start + 20, find(value, '|', start, true) - 1)
end

-- By code point; `<` would compare as the locale of Redis wants.
local function is_lower(one, other)
  for at = 1, math.min(#one, #other) do
    local difference = byte(one, at) - byte(other, at)
    if difference ~= 0 then return difference < 0 end
  end
  return #one < #other
end

local function entry(conveyance, value)
  local preference, list = preference_and_list(value)
  return {conveyance = conveyance, preference = preference, list = list}
end

-- The bill's answer among two of its decisions, of which either may be missing.
local function answer(one, other)
  if not one or not other then return one or other end
  if one.preference ~= other.preference then return one.preference > other.preference and one or other end
  return is_lower(one.conveyance, other.conveyance) and one or other
end

-- The bill's decision on this conveyance, and the answer among those on the others: for nearly every bill there is none.
local function held_of(key, conveyance)
  local old, elsewhere
  local held = call('HGETALL', key)
  for field = 1, #held, 2 do
    if held[field] == conveyance then
      old = held[field + 1]
    else
      elsewhere = answer(elsewhere, entry(held[field], held[field + 1]))
    end
  end
  return old, elsewhere
end

-- Where the bill is listed under this answer: with its conveyance, and with its day if it has one.
local function places_of(bill, found)
  local listed = prefix .. 'conveyance:' .. found.conveyance .. '/' .. found.list
  local day = sub(found.preference, 13)
  if day == '00000000' then return listed end
  day = sub(day, 1, 4) .. '-' .. sub(day, 5, 6) .. '-' .. sub(day, 7)
  local part = (byte(bill, -1) + 10 * byte(bill, -2)) % 32
  return listed, prefix .. 'day:' .. day .. '/' .. found.list .. '/' .. part, prefix .. 'conveyances:' .. day
end

-- What the run changes in the lists: key -> bill -> whether it is in it, and key -> conveyance -> how many bills more.
-- It is written at the end of the run, with one call a key.
local listing, counting = {}, {}

local function list_in(key, bill, is_in)
  local bills = listing[key]
  if not bills then
    bills = {}
    listing[key] = bills
  end
  bills[bill] = is_in
  if is_in then touched[key] = true end
end

local function count_on(key, conveyance, more)
  local counts = counting[key]
  if not counts then
    counts = {}
    counting[key] = counts
  end
  counts[conveyance] = (counts[conveyance] or 0) + more
  if more > 0 then touched[key] = true end
end

-- Takes the bill off the lists of its former answer and puts it on those of the answer now.
local function list_bill(bill, former, now)
  if former then
    local listed, on_day, trips = places_of(bill, former)
    list_in(listed, bill, false)
    if on_day then
      list_in(on_day, bill, false)
      count_on(trips, former.conveyance, -1)
    end
  end
  local listed, on_day, trips = places_of(bill, now)
  list_in(listed, bill, true)
  if on_day then
    list_in(on_day, bill, true)
    count_on(trips, now.conveyance, 1)
  end
end

local function write_lists()
  for key, bills in pairs(listing) do
    local joining, leaving = {}, {}
    for bill, is_in in pairs(bills) do
      if is_in then
        joining[#joining + 1] = 0
        joining[#joining + 1] = bill
      else
        leaving[#leaving + 1] = bill
      end
    end
    if #leaving > 0 then call('ZREM', key, unpack(leaving)) end
    if #joining > 0 then call('ZADD', key, unpack(joining)) end
  end
  for key, counts in pairs(counting) do
    for conveyance, more in pairs(counts) do
      if more ~= 0 and call('HINCRBY', key, conveyance, more) <= 0 then call('HDEL', key, conveyance) end
    end
  end
end

local function decide(bill, conveyance, value, offset, listed)
  local key = prefix .. 'bill:' .. bill
  local old, elsewhere = held_of(key, conveyance)
  local rank, first, member = sub(value, 1, 46), sub(value, 47, 63), conveyance .. ' ' .. bill
  local cents, place = cents_and_place(value)
  local old_first, old_cents, old_place
  if old then
    old_first = sub(old, 47, 63)
    old_cents, old_place = cents_and_place(old)
    if sub(old, 1, 46) >= rank then
      -- Not current; but when the bill was first stated may be learnt from it, whatever order decisions come in.
      if first < old_first then
        call('HSET', key, conveyance, sub(old, 1, 46) .. first .. sub(old, 64))
        if old_place ~= '' then call('ZADD', prefix .. 'bills:' .. old_place, first, member) end
      end
      return
    end
    if old_first < first then
      first = old_first
      value = rank .. first .. sub(value, 64)
    end
  end
  if place == old_place then
    if place ~= '' then add(place, cents - old_cents) end
  else
    if old_place and old_place ~= '' then
      call('ZREM', prefix .. 'bills:' .. old_place, member)
      add(old_place, -old_cents)
    end
    if place ~= '' then add(place, cents) end
  end
  if place ~= '' and (place ~= old_place or first ~= old_first) then
    local bills = prefix .. 'bills:' .. place
    call('ZADD', bills, first, member)
    touched[bills] = true
  end
  if listed ~= '' then
    local ledgers = prefix .. 'ledgers:' .. listed
    call('SADD', ledgers, place)
    touched[ledgers] = true
  end
  list_bill(bill, answer(old and entry(conveyance, old), elsewhere), answer(entry(conveyance, value), elsewhere))
  call('HSET', key, conveyance, value)
  call('EXPIRE', key, ttl)
  call('XADD', prefix .. 'changes', 'MAXLEN', '~', length, '*',
    'bill', bill, 'conveyance', conveyance, 'at', partition .. '/' .. offset)
  changed = changed + 1
end

if kind == 'decisions' then
  for item = 10, #ARGV, 5 do
    decide(ARGV[item], ARGV[item + 1], ARGV[item + 2], ARGV[item + 3], ARGV[item + 4])
  end
  if changed > 0 then touched[prefix .. 'changes'] = true end
  write_lists()
else
  for item = 10, #ARGV, 3 do
    local key = prefix .. 'alerts:' .. ARGV[item]
    changed = changed + call('HSETNX', key, ARGV[item + 1], ARGV[item + 2])
    touched[key] = true
  end
end

for key in pairs(touched) do call('EXPIRE', key, ttl) end
call('HSET', positions, 'at:' .. partition, to, 'partitions', ARGV[5])
if fresh ~= '' then call('HSET', positions, 'fresh:' .. partition, fresh) end
call('EXPIRE', positions, ttl)
return {'applied', changed}
