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

-- The number of a bucket, behind a letter for its side: p3 holds (gamma^2, gamma^3].
local function bucket(x, log_gamma)
  if x == 0 then
    return '0'
  end
  return string.format('%s%d', x > 0 and 'p' or 'n', math.ceil(math.log(abs(x)) / log_gamma))
end

local function raise_counts(key, changes)
  for field, change in pairs(changes) do
    if change ~= 0 and redis.call('HINCRBY', key, field, change) <= 0 then
      redis.call('HDEL', key, field)
    end
  end
end

local function by_bucket(changes, log_gamma)
  local merged = {}
  for x, change in pairs(changes) do
    local field = bucket(x, log_gamma)
    merged[field] = (merged[field] or 0) + change
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
  for x, change in pairs(changes) do
    local member = as_text(x)
    if change > 0 then
      local extra = change - redis.call('ZADD', order, 'NX', member, member)
      if extra > 0 then
        redis.call('HINCRBY', more, member, extra)
      end
    elseif change < 0 then
      local extra = tonumber(redis.call('HGET', more, member) or 0) + change
      if extra > 0 then
        redis.call('HSET', more, member, string.format('%d', extra))
      else
        redis.call('HDEL', more, member)
        if extra < 0 then
          redis.call('ZREM', order, member)
        end
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
