//! The moves of jobs in Redis, each a script: it happens whole or not at all.
//!
//! The clock is that of Redis, no range is without a limit, and the number of the attempt has to
//! match before a lease is extended or ended. Keys: `ready` and `lease` and `dead` are sorted sets of
//! ids by due time, end of the lease, and time of death; a job is the hash `job:<id>`.

/// What all begin with.
const CLOCK: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
";

/// `KEYS`: ready, job. `ARGV`: channel, then id, name, payload, headers, attempts, delay of each job.
/// Returns 1 for each that is new.
pub(super) const ENQUEUE: &str = r"
local taken, soon = {}, false
for i = 2, #ARGV, 6 do
  local job, delay = KEYS[2] .. ARGV[i], tonumber(ARGV[i + 5])
  local new = redis.call('HSETNX', job, 'name', ARGV[i + 1])
  if new == 1 then
    redis.call('HSET', job, 'payload', ARGV[i + 2], 'headers', ARGV[i + 3], 'last', ARGV[i + 4],
      'attempt', 0, 'state', 'waiting', 'since', now)
    redis.call('ZADD', KEYS[1], now + delay, ARGV[i])
    soon = soon or delay < 1000
  end
  taken[#taken + 1] = new
end
if soon then redis.call('PUBLISH', ARGV[1], '') end
return taken";

/// `KEYS`: ready, job, lease, dead. `ARGV`: how many, lease, expired leases at most, their error.
/// Returns the milliseconds until there may be more (-1: unknown), and the jobs.
pub(super) const CLAIM: &str = r"
local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, ARGV[3])
for _, id in ipairs(expired) do
  redis.call('ZREM', KEYS[3], id)
  local job = KEYS[2] .. id
  local known = redis.call('HMGET', job, 'attempt', 'last')
  if known[1] then
    local lost = tonumber(known[1]) >= tonumber(known[2])
    redis.call('ZADD', KEYS[lost and 4 or 1], now, id)
    redis.call('HSET', job, 'state', lost and 'dead' or 'waiting', 'error', ARGV[4], 'since', now)
  end
end
local jobs = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZREM', KEYS[1], id)
  local job = KEYS[2] .. id
  local known = redis.call('HMGET', job, 'name', 'payload', 'headers', 'last')
  if known[1] then
    local attempt = redis.call('HINCRBY', job, 'attempt', 1)
    redis.call('HSET', job, 'state', 'running', 'since', now)
    redis.call('ZADD', KEYS[3], now + ARGV[2], id)
    jobs[#jobs + 1] = {id, known[1], known[2], known[3], attempt, tonumber(known[4])}
  end
end
local pause = -1
if #jobs == 0 then
  for _, key in ipairs({KEYS[1], KEYS[3]}) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if first and (pause < 0 or first - now < pause) then pause = math.max(0, first - now) end
  end
end
return {pause, jobs}";

/// `KEYS`: ready, job, lease, dead. `ARGV`: lease, then id and attempt of each run.
/// Returns the ids of those that are no longer ours.
pub(super) const BEAT: &str = r"
local lost = {}
for i = 2, #ARGV, 2 do
  local ours = redis.call('HGET', KEYS[2] .. ARGV[i], 'attempt') == ARGV[i + 1]
  if ours and redis.call('ZSCORE', KEYS[3], ARGV[i]) then
    redis.call('ZADD', KEYS[3], now + ARGV[1], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost";

/// `KEYS`: ready, job, lease, dead. `ARGV`: channel, id, attempt, how it ended, error or output, and
/// the delay of a retry or the time to keep a result. Returns 0 if it was not ours to end.
pub(super) const FINISH: &str = r"
local id, state, text, span = ARGV[2], ARGV[4], ARGV[5], tonumber(ARGV[6])
local job = KEYS[2] .. id
if redis.call('HGET', job, 'attempt') ~= ARGV[3] or redis.call('ZREM', KEYS[3], id) == 0 then
  return 0
end
if state == 'done' and span == 0 then
  redis.call('DEL', job)
elseif state == 'done' then
  redis.call('HSET', job, 'state', state, 'output', text, 'since', now)
  redis.call('HDEL', job, 'payload', 'headers', 'error')
  redis.call('PEXPIRE', job, span)
elseif state == 'dead' then
  redis.call('HSET', job, 'state', state, 'error', text, 'since', now)
  redis.call('ZADD', KEYS[4], now, id)
elseif state == 'retry' then
  redis.call('HSET', job, 'state', 'waiting', 'error', text, 'since', now)
  redis.call('ZADD', KEYS[1], now + span, id)
else
  redis.call('HSET', job, 'state', 'waiting', 'since', now)
  redis.call('HINCRBY', job, 'last', 1)
  redis.call('ZADD', KEYS[1], now, id)
  redis.call('PUBLISH', ARGV[1], '')
end
return 1";

/// `KEYS`: ready, job, lease, dead. `ARGV`: channel, id, attempts. Returns 0 if it is not dead.
pub(super) const REPLAY: &str = r"
local job = KEYS[2] .. ARGV[2]
if redis.call('ZREM', KEYS[4], ARGV[2]) == 0 or redis.call('EXISTS', job) == 0 then return 0 end
local last = redis.call('HGET', job, 'attempt') + ARGV[3]
redis.call('HSET', job, 'state', 'waiting', 'last', last, 'since', now)
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('PUBLISH', ARGV[1], '')
return 1";

/// `KEYS`: ready, job, lease, dead. `ARGV`: id. Returns 0 if it is running or unknown.
pub(super) const REMOVE: &str = r"
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return redis.call('DEL', KEYS[2] .. ARGV[1])";

/// A script that knows the time.
pub(super) fn script(moves: &str) -> ::redis::Script {
    ::redis::Script::new(&format!("{CLOCK}{moves}"))
}
