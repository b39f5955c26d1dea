-- Atomic: counts one for each key, as far as the first that is full; gives the microseconds to wait for that one, or 0.
-- The generic cell rate algorithm: a key holds the time at which the next one would come at an even pace (its theoretical arrival
-- time), and whoever comes at most a burst ahead of that is let in. Time is Redis's own: nodes count by one clock.
-- KEYS: the counts. ARGV, two for each: the time between two at an even pace, and how far ahead they may be, in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i, key in ipairs(KEYS) do
    local between, ahead = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local due = tonumber(redis.call('GET', key) or now)
    if due - ahead > now then
        return due - ahead - now
    end
    due = math.max(due, now) + between
    -- Once its time has come a key says what no key says.
    redis.call('SET', key, string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
end
return 0
