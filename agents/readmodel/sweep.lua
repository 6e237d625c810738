-- Removes keys while the sweep `token` is on; once it is over nothing more is removed, for new data may be there.
--
-- KEYS     the positions, then what to remove; ARGV: token
-- Answers  how many were removed, -1 where the sweep is over
if redis.call('HGET', KEYS[1], 'sweeping') ~= ARGV[1] then return -1 end
local removed = 0
for key = 2, #KEYS do
  if KEYS[key] ~= KEYS[1] then removed = removed + redis.call('UNLINK', KEYS[key]) end
end
return removed
