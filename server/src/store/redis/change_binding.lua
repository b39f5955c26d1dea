-- Atomic: a living login that waits is changed by who has seen it as it is; of many callers one gets 1.
-- KEYS[1]: the login. ARGV: now, how often it was changed, what it is now, when it dies.
local row = redis.call('HMGET', KEYS[1], 'expires_at', 'changes')
if not row[1] or tonumber(row[1]) <= tonumber(ARGV[1]) or row[2] ~= ARGV[2] then
    return 0
end
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('HSET', KEYS[1], 'binding', ARGV[3], 'expires_at', ARGV[4])
return 1
