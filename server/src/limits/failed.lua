-- Atomic: counts a failure for each key of the first half, by the arithmetic of check.lua, and shuts out by the key of the other half
-- where there are too many, until the next may come.
-- KEYS: the counts, then what shuts out. ARGV, two for each count: as in check.lua.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local counts = #KEYS / 2
for i = 1, counts do
    local between, ahead = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local due = tonumber(redis.call('GET', KEYS[i]) or now)
    if due - ahead > now then
        redis.call('SET', KEYS[counts + i], '1', 'PX', math.ceil((due - ahead - now) / 1000))
    else
        due = math.max(due, now) + between
        redis.call('SET', KEYS[i], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
    end
end
return 0
