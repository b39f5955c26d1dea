-- Atomic: a number is compared and costs a try where it is wrong; of many at once each costs one.
-- KEYS[1]: the scene. ARGV: now, the leg, the number. Gives -1 when it was right, 0 when the scene is over, else the tries that are left.
local scene = redis.call('HMGET', KEYS[1], 'expires_at', 'progress', 'leg_id', 'number', 'tries_left')
if not scene[1] or tonumber(scene[1]) <= tonumber(ARGV[1]) or scene[2] ~= 'scanned' or scene[3] ~= ARGV[2] then
    return 0
end
if scene[4] == ARGV[3] then
    redis.call('HSET', KEYS[1], 'progress', 'approved')
    return -1
end
local left = tonumber(scene[5]) - 1
redis.call('HSET', KEYS[1], 'tries_left', left)
if left <= 0 then
    redis.call('HSET', KEYS[1], 'progress', 'denied')
    return 0
end
return left
