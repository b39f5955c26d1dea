-- Atomic: somebody has tapped; 0 when the scene is over.
-- KEYS[1]: the scene. ARGV: now.
local scene = redis.call('HMGET', KEYS[1], 'expires_at', 'progress')
if not scene[1] or tonumber(scene[1]) <= tonumber(ARGV[1]) then
    return 0
end
if scene[2] ~= 'waiting' and scene[2] ~= 'scanned' then
    return 0
end
redis.call('HSET', KEYS[1], 'progress', 'scanned')
return 1
