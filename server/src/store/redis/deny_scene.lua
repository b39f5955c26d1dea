-- Atomic: the person has refused, on the phone that has the scene or, while nobody has it, on any; 0 when it was over.
-- KEYS[1]: the scene. ARGV: now, the leg.
local scene = redis.call('HMGET', KEYS[1], 'expires_at', 'progress', 'leg_id')
if not scene[1] or tonumber(scene[1]) <= tonumber(ARGV[1]) or scene[2] ~= 'scanned' then
    return 0
end
if scene[3] and scene[3] ~= ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], 'progress', 'denied')
return 1
