-- Applies a run of records of one partition, if it goes on exactly where Redis stands; all of it or nothing.
--
-- KEYS[1]  the positions
-- ARGV     prefix of all keys, partition such as `decisions/3`, position from, position to, partition count,
--          time in ms at which nothing more was to be read or '', seconds to live, length of `changes`, kind, then items:
--   decisions  bill, conveyance, what is kept (see `agents.readmodel.keys`), offset, name of the list of its ledger or ''
--   alerts     consignee/ledger, id, alert
-- Answers  {'applied', how many changed something}, {'elsewhere', position or ''} or {'sweeping', token}
local call, find, sub = redis.call, string.find, string.sub
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

local function decide(bill, conveyance, value, offset, listed)
  local key = prefix .. 'bill:' .. bill
  local old = call('HGET', key, conveyance)
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
