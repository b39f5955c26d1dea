-- Atomic: rows are kept with their lifetimes, all of them or, where there is one of such a name already, none.
-- KEYS: the rows. ARGV, for each: when it dies, the seconds until Redis clears it away, the row, how many more there are of it, and
-- those: names and values of what will change.
for _, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then
        return 0
    end
end
local at = 1
for _, key in ipairs(KEYS) do
    local more = tonumber(ARGV[at + 3])
    redis.call('HSET', key, 'expires_at', ARGV[at], 'row', ARGV[at + 2], unpack(ARGV, at + 4, at + 3 + more))
    redis.call('EXPIRE', key, ARGV[at + 1])
    at = at + 4 + more
end
return 1
