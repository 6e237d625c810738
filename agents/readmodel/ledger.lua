-- Reads a ledger in one piece: nothing can move between its parts.
--
-- KEYS[1]  the positions
-- ARGV     prefix of all keys, consignee, ledger, number of the first bill wanted from 0, how many
-- Answers  {positions, total, bills in it, decisions of those wanted, its alerts, alerts of no single ledger}
local call, find, sub = redis.call, string.find, string.sub
local prefix, consignee = ARGV[1], ARGV[2]
local place = consignee .. '/' .. ARGV[3]
local first, count = tonumber(ARGV[4]), tonumber(ARGV[5])
local bills = prefix .. 'bills:' .. place

local decisions = {}
if count > 0 then
  for _, member in ipairs(call('ZRANGE', bills, first, first + count - 1)) do
    local space = find(member, ' ', 1, true)
    local held = call('HGET', prefix .. 'bill:' .. sub(member, space + 1), sub(member, 1, space - 1))
    if held then decisions[#decisions + 1] = held end
  end
end
return {
  call('HGETALL', KEYS[1]), call('GET', prefix .. 'total:' .. place) or '0', call('ZCARD', bills), decisions,
  call('HVALS', prefix .. 'alerts:' .. place), call('HVALS', prefix .. 'alerts:' .. consignee .. '/'),
}
