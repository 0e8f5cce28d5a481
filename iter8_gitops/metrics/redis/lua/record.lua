-- One batch of one application: all of it or, when this ends before its first write, none of it.
--
-- KEYS: catalog, users, marker, the slices of transactions (newest first), then sums and epochs of each content that
-- the caller declares, then for each content and metric: counts over transactions, counts over users, order, more.
-- ARGV: the batch (MessagePack), and the digests of its transactions, one after another.
-- Answers: {'stored'}, {'known'} for a batch that is stored already, or {'undeclared', content...}, which wrote nothing.

local CHUNK = 1000
local FORMAT = '1'
local DIGEST = 14

local batch = cmsgpack.unpack(ARGV[1])
local catalog, users_key, marker = KEYS[1], KEYS[2], KEYS[3]

if batch.marker_ms > 0 and redis.call('EXISTS', marker) == 1 then
  return { 'known' }
end
local format = redis.call('HGET', catalog, 'format')
if format and format ~= FORMAT then
  return redis.error_reply('ITER8FORMAT ' .. format)
end

-- In chunks, because a call takes only so many arguments.
local function read_fields(key, fields)
  local found = {}
  for first = 1, #fields, CHUNK do
    local last = math.min(first + CHUNK - 1, #fields)
    local answer = redis.call('HMGET', key, unpack(fields, first, last))
    for i = 1, last - first + 1 do
      found[first + i - 1] = answer[i]
    end
  end
  return found
end

local function write_fields(key, fields)
  for first = 1, #fields, CHUNK do
    redis.call('HSET', key, unpack(fields, first, math.min(first + CHUNK - 1, #fields)))
  end
end

-- Contents and their keys.
local slices = batch.slices
local content_number = {}
for i, content in ipairs(batch.contents) do
  content_number[content] = i
end
local metric_count = #batch.metrics

local function sums_key(content)
  return KEYS[3 + slices + 2 * content_number[content] - 1]
end

local function epochs_key(content)
  return KEYS[3 + slices + 2 * content_number[content]]
end

local function series_keys(content, metric)
  local first = 3 + slices + 2 * #batch.contents + 4 * ((content_number[content] - 1) * metric_count + metric - 1)
  return KEYS[first + 1], KEYS[first + 2], KEYS[first + 3], KEYS[first + 4]
end

-- Places (a content in an epoch) and metrics have numbers in the catalog, which the users' records are made of.
local written = {} -- fields and values for the catalog
local function number_names(prefix, names)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = prefix .. name
  end
  return read_fields(catalog, fields)
end

local counters = redis.call('HMGET', catalog, 'places', 'metrics')
local last_place, last_metric = tonumber(counters[1] or 0), tonumber(counters[2] or 0)

local place_texts, metric_ids = {}, {}
for i, place in ipairs(batch.places) do
  place_texts[i] = place[1] .. ' ' .. place[2]
end
local place_ids = number_names('p:', place_texts)
local places = {} -- id -> content and epoch
for i, place in ipairs(batch.places) do
  if place_ids[i] then
    place_ids[i] = tonumber(place_ids[i])
    places[place_ids[i]] = { epoch = place[1], content = place[2] }
  end
end

local function place_id(i)
  if not place_ids[i] then
    last_place = last_place + 1
    place_ids[i] = last_place
    local place = batch.places[i]
    places[last_place] = { epoch = place[1], content = place[2] }
    written[#written + 1] = 'p:' .. place_texts[i]
    written[#written + 1] = string.format('%d', last_place)
    written[#written + 1] = string.format('#%d', last_place)
    written[#written + 1] = place_texts[i]
  end
  return place_ids[i]
end

for i, id in ipairs(number_names('m:', batch.metrics)) do
  if not id then
    last_metric = last_metric + 1
    id = last_metric
    written[#written + 1] = 'm:' .. batch.metrics[i]
    written[#written + 1] = string.format('%d', id)
  end
  metric_ids[i] = tonumber(id)
end

-- A user's record: the present place, all places, and the sums of values as place, metric, high, low; and so on.
local users = read_fields(users_key, batch.users)
local unknown, asked = {}, {}
for i, record in ipairs(users) do
  if record then
    local present, its_places, sums = unpack(cmsgpack.unpack(record))
    users[i] = { present = present, places = its_places, sums = sums }
    for _, place in ipairs(its_places) do
      if not places[place] and not asked[place] then
        asked[place] = true
        unknown[#unknown + 1] = place
      end
    end
  else
    users[i] = { places = {}, sums = {} }
  end
end
local fields = {}
for i, place in ipairs(unknown) do
  fields[i] = string.format('#%d', place)
end
for i, text in ipairs(read_fields(catalog, fields)) do
  local epoch, content = string.match(text, '^(%d+) (.*)$')
  places[unknown[i]] = { epoch = epoch, content = content }
end

-- Exposures, then the values with the place that each is credited to.
local audience, arrivals = {}, {} -- content -> new users; place -> new users
local function expose(user, place)
  if user.present == place then
    return
  end
  user.present, user.changed = place, true
  local content, here, there = places[place].content, false, false
  for _, known in ipairs(user.places) do
    here = here or known == place
    there = there or places[known].content == content
  end
  if not here then
    user.places[#user.places + 1] = place
    arrivals[place] = (arrivals[place] or 0) + 1
    if not there then
      audience[content] = (audience[content] or 0) + 1
    end
  end
end

for i = 1, #batch.exposed, 2 do
  expose(users[batch.exposed[i]], place_id(batch.exposed[i + 1]))
end

local additions = {} -- content -> metric -> user -> values of the batch
local undeclared, told = { 'undeclared' }, {}
for i = 1, #batch.numbers do
  local user = users[batch.writers[i]]
  if not user.present then
    expose(user, place_id(batch.fallbacks[i]))
  end
  local content = places[user.present].content
  if not content_number[content] and not told[content] then
    told[content] = true
    undeclared[#undeclared + 1] = content
  end
  additions[content] = additions[content] or {}
  local metric = batch.named[i]
  additions[content][metric] = additions[content][metric] or {}
  local values = additions[content][metric][user]
  if not values then
    values = { n = 0 }
    additions[content][metric][user] = values
  end
  values.n = values.n + 1
  values[values.n] = batch.numbers[i]
end
if #undeclared > 1 then
  return undeclared
end

-- From here on everything is computed first, and written at the end.
local function count(changes, x, by)
  changes[x] = (changes[x] or 0) + by
end

-- The user's sum of a metric over all epochs of a content, before and after, and the same in the present place.
local function move(user, content, metric, terms)
  local before, after = { n = 0 }, { n = 0 }
  local wrote, part, low, at = false, 0, 0, nil
  local sums = user.sums
  for i = 1, #sums, 4 do
    if sums[i + 1] == metric and places[sums[i]].content == content then
      wrote = true
      add_term(before, sums[i + 2])
      add_term(before, sums[i + 3])
      if sums[i] == user.present then
        at, part, low = i, sums[i + 2], sums[i + 3]
      else
        add_term(after, sums[i + 2])
        add_term(after, sums[i + 3])
      end
    end
  end
  local new, new_low = added(part, low, terms)
  add_term(after, new)
  add_term(after, new_low)
  local had = at ~= nil
  if not had then
    at = #sums + 1
    sums[at], sums[at + 1] = user.present, metric
  end
  sums[at + 2], sums[at + 3] = new, new_low
  user.changed = true
  return wrote and rounded(before) or nil, rounded(after), had and part or nil, new
end

local function moved(change, before, after)
  if before then
    leave(change, before)
  end
  join(change, after)
end

-- Fields of sums: 'm' and a metric's name. Over transactions: count, sum, squares, smallest, largest, coarse; over
-- users: count, sum, squares, coarse.
local series = {}
for content, by_metric in pairs(additions) do
  for metric, by_user in pairs(by_metric) do
    local one = {
      content = content, metric = metric, values = new_change(), counts = {}, totals = new_change(), users = {},
      epochs = {}, smallest = math.huge, largest = -math.huge,
    }
    series[#series + 1] = one
    for user, values in pairs(by_user) do
      local terms = { n = 0 }
      for i = 1, values.n do
        local x = values[i]
        add_term(terms, x)
        join(one.values, x)
        count(one.counts, x, 1)
        one.smallest, one.largest = math.min(one.smallest, x), math.max(one.largest, x)
      end
      local before, after, part_before, part_after = move(user, content, metric_ids[metric], terms)
      moved(one.totals, before, after)
      if before then
        count(one.users, before, -1)
      end
      count(one.users, after, 1)
      local epoch = places[user.present].epoch
      local parts = one.epochs[epoch]
      if not parts then
        parts = new_change()
        parts.positive = 0
        one.epochs[epoch] = parts
      end
      moved(parts, part_before, part_after)
      parts.positive = parts.positive + (part_after > 0 and 1 or 0) - ((part_before or 0) > 0 and 1 or 0)
    end
  end
end

local function changed_sums(stored, at, change)
  stored[at] = stored[at] + change.count
  stored[at + 1], stored[at + 2] = added(stored[at + 1], stored[at + 2], change.sum)
  stored[at + 3], stored[at + 4] = added(stored[at + 3], stored[at + 4], change.squares)
end

local function read_sums(key, field, otherwise)
  local packed = redis.call('HGET', key, field)
  return packed and cmsgpack.unpack(packed) or otherwise
end

for _, one in ipairs(series) do
  one.field = 'm' .. batch.metrics[one.metric]
  local stored = read_sums(sums_key(one.content), one.field, false)
  one.sums = stored or { 0, 0, 0, 0, 0, one.smallest, one.largest, 0, 0, 0, 0, 0, 0, 0 }
  changed_sums(one.sums, 1, one.values)
  one.sums[6], one.sums[7] = math.min(one.sums[6], one.smallest), math.max(one.sums[7], one.largest)
  changed_sums(one.sums, 9, one.totals)
  one.parts = {}
  for epoch, change in pairs(one.epochs) do
    local field = epoch .. ' m' .. batch.metrics[one.metric]
    local parts = read_sums(epochs_key(one.content), field, { 0, 0, 0, 0, 0, 0 })
    changed_sums(parts, 1, change)
    parts[6] = parts[6] + change.positive
    one.parts[field] = cmsgpack.pack(parts)
  end
end

-- The first write is one that a server without memory refuses; those after it in a script are not refused.
if not format then
  redis.call('HSET', catalog, 'format', FORMAT)
end
if batch.marker_ms > 0 then
  redis.call('SET', marker, '', 'PX', string.format('%d', batch.marker_ms))
end
if #written > 0 then
  redis.call('HSET', catalog, 'places', string.format('%d', last_place), 'metrics', string.format('%d', last_metric))
  write_fields(catalog, written)
end
for content, new in pairs(audience) do
  redis.call('HINCRBY', sums_key(content), 'users', new)
end
for place, new in pairs(arrivals) do
  redis.call('HINCRBY', epochs_key(places[place].content), places[place].epoch .. ' users', new)
end
for _, one in ipairs(series) do
  local transactions, totals, order, more = series_keys(one.content, one.metric)
  local sums = one.sums
  sums[8] = change_counts(transactions, nil, nil, one.counts, sums[8] == 1, batch) and 1 or 0
  sums[14] = change_counts(totals, order, more, one.users, sums[14] == 1, batch) and 1 or 0
  redis.call('HSET', sums_key(one.content), one.field, cmsgpack.pack(sums))
  for field, packed in pairs(one.parts) do
    redis.call('HSET', epochs_key(one.content), field, packed)
  end
end
local records = {}
for i, user in ipairs(users) do
  if user.changed then
    records[#records + 1] = batch.users[i]
    records[#records + 1] = cmsgpack.pack({ user.present, user.places, user.sums })
  end
end
write_fields(users_key, records)
return { 'stored' }
