-- Atomic: the first person has the scene, and may come by another leg.
-- KEYS[1]: the scene. ARGV: now, the leg, the account.
local scene = redis.call('HMGET', KEYS[1], 'expires_at', 'progress', 'account_id')
if not scene[1] or tonumber(scene[1]) <= tonumber(ARGV[1]) or scene[2] ~= 'scanned' then
    return 0
end
if scene[3] and scene[3] ~= ARGV[3] then
    return 0
end
redis.call('HSET', KEYS[1], 'leg_id', ARGV[2], 'account_id', ARGV[3])
return 1
