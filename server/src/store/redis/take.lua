-- Atomic: a row that is alive and that nobody has taken is taken; of many callers one gets 1.
-- KEYS[1]: the row. ARGV: now.
local row = redis.call('HMGET', KEYS[1], 'expires_at', 'taken_at')
if not row[1] or row[2] or tonumber(row[1]) <= tonumber(ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'taken_at', ARGV[1])
return 1
