-- Counts per value while there are few, per 1%-wide bucket (iter8_gitops.core.histograms) once there are many.
-- Of a coarse series over users, each distinct total stays in a sorted set, whose ends are the extremes.

-- One text per double, as short as reads back the same.
local function as_text(x)
  local text = string.format('%.15g', x)
  if tonumber(text) ~= x then
    text = string.format('%.17g', x)
  end
  return text
end

local function raise_counts(key, changes)
  for field, change in pairs(changes) do
    if change ~= 0 and redis.call('HINCRBY', key, field, change) <= 0 then
      redis.call('HDEL', key, field)
    end
  end
end

-- Fields of a coarse histogram: 0, or the number of a bucket behind a letter for its side: p3 holds (gamma^2, gamma^3].
local function by_bucket(changes, log_gamma)
  local ceil, log = math.ceil, math.log
  local zero, above, below = 0, {}, {}
  for x, change in pairs(changes) do
    if x > 0 then
      local bucket = ceil(log(x) / log_gamma)
      above[bucket] = (above[bucket] or 0) + change
    elseif x < 0 then
      local bucket = ceil(log(-x) / log_gamma)
      below[bucket] = (below[bucket] or 0) + change
    else
      zero = zero + change
    end
  end
  local merged = { ['0'] = zero }
  for bucket, change in pairs(above) do
    merged[string.format('p%d', bucket)] = change
  end
  for bucket, change in pairs(below) do
    merged[string.format('n%d', bucket)] = change
  end
  return merged
end

local function by_text(changes)
  local texts = {}
  for x, change in pairs(changes) do
    texts[as_text(x)] = change
  end
  return texts
end

-- Distinct totals in `order`; how many users more than one have the same, in `more`.
local function change_order(order, more, changes)
  local call = redis.call
  local some_more = call('EXISTS', more) == 1
  for x, change in pairs(changes) do
    if change > 0 then
      local member = as_text(x)
      local extra = change - call('ZADD', order, 'NX', member, member)
      if extra > 0 then
        call('HINCRBY', more, member, extra)
        some_more = true
      end
    elseif change < 0 then
      local member = as_text(x)
      local known = some_more and call('HGET', more, member)
      local extra = (known and tonumber(known) or 0) + change
      if extra > 0 then
        call('HSET', more, member, string.format('%d', extra))
      elseif known then
        call('HDEL', more, member)
      end
      if extra < 0 then
        call('ZREM', order, member)
      end
    end
  end
end

local function counts_in(key)
  local pairs_read = redis.call('HGETALL', key)
  local counts = {}
  for i = 1, #pairs_read, 2 do
    counts[tonumber(pairs_read[i])] = tonumber(pairs_read[i + 1])
  end
  return counts
end

-- Change the counts of a series; `order` and `more` are nil over transactions. Returns whether it is coarse now.
local function change_counts(counts, order, more, changes, coarse, rules)
  if coarse then
    raise_counts(counts, by_bucket(changes, rules.log_gamma))
    if order then
      change_order(order, more, changes)
    end
    return true
  end
  raise_counts(counts, by_text(changes))
  if redis.call('HLEN', counts) <= rules.exact_values then
    return false
  end
  local exact = counts_in(counts)
  redis.call('DEL', counts)
  raise_counts(counts, by_bucket(exact, rules.log_gamma))
  if order then
    change_order(order, more, exact)
  end
  return true
end
