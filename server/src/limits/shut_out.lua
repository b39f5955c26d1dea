-- Atomic: the microseconds for which the last of these is still shut out, or 0.
-- KEYS: what shuts out.
local rest = 0
for _, key in ipairs(KEYS) do
    rest = math.max(rest, redis.call('PTTL', key))
end
return rest * 1000
