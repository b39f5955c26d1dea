-- Atomic: how an attempt ended is kept beside it, while it is there: a name alone would never be cleared away.
-- KEYS[1]: the attempt. ARGV: its end.
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('HSET', KEYS[1], 'end', ARGV[1])
end
return 1
