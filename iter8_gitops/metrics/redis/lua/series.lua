-- What the values change in the sums and counts of each metric of each content. Nothing is written here.

-- Add values to the user's sum of a metric in the present place. Returns the sum there, before (nil for none) and after,
-- and, where the user has sums of other epochs of the content, the sum over all of these, before and after.
local function move(user, metric, values)
  local here, sums = user.present, user.sums
  local content, at, others = places[here].content, nil, nil
  for i = 1, #sums, 4 do
    if sums[i + 1] == metric then
      if sums[i] == here then
        at = i
      elseif places[sums[i]].content == content then
        others = others or { n = 0 }
        add_term(others, sums[i + 2])
        add_term(others, sums[i + 3])
      end
    end
  end
  user.changed = true
  local before, low = nil, 0
  if at then
    before, low = sums[at + 2], sums[at + 3]
  else
    at = #sums + 1
    sums[at], sums[at + 1] = here, metric
  end
  local after, after_low = added(before or 0, low, values)
  sums[at + 2], sums[at + 3] = after, after_low
  if not others then
    return before, after
  end
  local whole_before = added(before or 0, low, others)
  return before, after, whole_before, (added(after, after_low, others))
end

local function follow(change, before, after)
  if before then
    leave(change, before)
  end
  join(change, after)
end

local function count(counts, x, by)
  counts[x] = (counts[x] or 0) + by
end

local series, series_of = {}, {} -- in the order of their first value; content -> metric -> one of them

local function series_for(content, metric)
  local of_content = series_of[content] or {}
  series_of[content] = of_content
  local one = of_content[metric]
  if not one then
    one = {
      content = content, metric = metric, values = new_change(), counts = {}, smallest = math.huge,
      largest = -math.huge, elsewhere = new_change(), users = {}, epochs = {},
    }
    of_content[metric] = one
    series[#series + 1] = one
  end
  return one
end

local function epoch_of(one, epoch)
  local parts = one.epochs[epoch]
  if not parts then
    parts = new_change()
    parts.positive = 0
    one.epochs[epoch] = parts
  end
  return parts
end

-- Returns the user's sum in the present place, before and after. What moves over all epochs of the content is what moves
-- in each, but for the users who have sums `elsewhere`: there it is by how much the two differ.
local function add_values(user, metric, values)
  local place = places[user.present]
  local one = series_for(place.content, metric)
  local terms = { n = 0 }
  for i = 1, #values do
    local x = values[i]
    add_term(terms, x)
    join(one.values, x)
    count(one.counts, x, 1)
    if x < one.smallest then
      one.smallest = x
    end
    if x > one.largest then
      one.largest = x
    end
  end
  local before, after, whole_before, whole_after = move(user, metric_ids[metric], terms)
  local parts = epoch_of(one, place.epoch)
  follow(parts, before, after)
  parts.positive = parts.positive + (after > 0 and 1 or 0) - ((before or 0) > 0 and 1 or 0)
  if whole_after then
    follow(one.elsewhere, whole_before, whole_after)
    leave(one.elsewhere, after)
    if before then
      join(one.elsewhere, before)
    end
  else
    whole_before, whole_after = before, after
  end
  if whole_before then
    count(one.users, whole_before, -1)
  end
  count(one.users, whole_after, 1)
  return before, after
end

local function read_packed(key, field, otherwise)
  local packed = redis.call('HGET', key, field)
  return packed and cmsgpack.unpack(packed) or otherwise
end

local function change_sums(stored, at, change)
  stored[at] = stored[at] + change.count
  stored[at + 1], stored[at + 2] = added(stored[at + 1], stored[at + 2], change.sum)
  stored[at + 3], stored[at + 4] = added(stored[at + 3], stored[at + 4], change.squares)
end

-- Over transactions: count, sum, squares, smallest, largest, coarse; over users: count, sum, squares, coarse. Per epoch:
-- count, sum, squares, positive.
local function compute_sums(one)
  one.field = 'm' .. batch.metrics[one.metric]
  local nothing = { 0, 0, 0, 0, 0, one.smallest, one.largest, 0, 0, 0, 0, 0, 0, 0 }
  one.sums = read_packed(sums_key(one.content), one.field, nothing)
  change_sums(one.sums, 1, one.values)
  one.sums[6], one.sums[7] = math.min(one.sums[6], one.smallest), math.max(one.sums[7], one.largest)
  one.parts = {}
  local totals = one.elsewhere
  for epoch, change in pairs(one.epochs) do
    local field = epoch .. ' ' .. one.field
    local parts = read_packed(epochs_key(one.content), field, { 0, 0, 0, 0, 0, 0 })
    change_sums(parts, 1, change)
    parts[6] = parts[6] + change.positive
    one.parts[field] = cmsgpack.pack(parts)
    join_all(totals, change)
  end
  change_sums(one.sums, 9, totals)
end

local function write_series(one)
  local counts, totals, order, more = series_keys(one.content, one.metric)
  local sums = one.sums
  sums[8] = change_counts(counts, nil, nil, one.counts, sums[8] == 1, batch) and 1 or 0
  sums[14] = change_counts(totals, order, more, one.users, sums[14] == 1, batch) and 1 or 0
  redis.call('HSET', sums_key(one.content), one.field, cmsgpack.pack(sums))
  for field, packed in pairs(one.parts) do
    redis.call('HSET', epochs_key(one.content), field, packed)
  end
end
