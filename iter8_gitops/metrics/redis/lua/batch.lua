-- One batch of one application: all of it or, when the script ends before its first write, none of it.
--
-- KEYS: catalog, users, marker, the days of transactions (the second one is today), then sums and epochs of each
-- content that the caller declares, then for each content and metric: counts, totals, order, more.
-- ARGV: the batch (MessagePack), and the digests of its transactions, one after another.
-- Answers: {'stored'}, {'known'} for a batch that is stored already, or {'undeclared', content...}, which wrote nothing.

local CHUNK = 1000
local FORMAT = '1'

local batch = cmsgpack.unpack(ARGV[1])
local catalog_key, users_key, marker_key = KEYS[1], KEYS[2], KEYS[3]

if batch.marker_ms > 0 and redis.call('EXISTS', marker_key) == 1 then
  return { 'known' }
end
local format = redis.call('HGET', catalog_key, 'format')
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

local function integer(x)
  return string.format('%d', x)
end

local content_number = {}
for i, content in ipairs(batch.contents) do
  content_number[content] = i
end
local BEFORE_CONTENTS = 3 + batch.days
local BEFORE_SERIES = BEFORE_CONTENTS + 2 * #batch.contents

local function sums_key(content)
  return KEYS[BEFORE_CONTENTS + 2 * content_number[content] - 1]
end

local function epochs_key(content)
  return KEYS[BEFORE_CONTENTS + 2 * content_number[content]]
end

local function series_keys(content, metric)
  local before = BEFORE_SERIES + 4 * ((content_number[content] - 1) * batch.valued + metric - 1)
  return unpack(KEYS, before + 1, before + 4)
end
