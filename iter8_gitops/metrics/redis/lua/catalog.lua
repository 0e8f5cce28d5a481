-- The catalog numbers places (a content in an epoch) and metrics; users' records are made of these numbers.

local catalog = { added = {} } -- fields and values to write
do
  local last = redis.call('HMGET', catalog_key, 'places', 'metrics')
  catalog.places, catalog.metrics = tonumber(last[1] or 0), tonumber(last[2] or 0)
end

local function catalog_add(field, value)
  catalog.added[#catalog.added + 1] = field
  catalog.added[#catalog.added + 1] = value
end

local metric_ids = {}
do
  local fields = {}
  for i, name in ipairs(batch.metrics) do
    fields[i] = 'm:' .. name
  end
  for i, id in ipairs(read_fields(catalog_key, fields)) do
    if not id then
      catalog.metrics = catalog.metrics + 1
      id = catalog.metrics
      catalog_add(fields[i], integer(id))
    end
    metric_ids[i] = tonumber(id)
  end
end

local places = {} -- id -> content and epoch
local place_texts, place_ids = {}, {} -- of the places in the batch

local function know_place(id, epoch, content)
  places[id] = { epoch = epoch, content = content, number = tonumber(epoch) }
end

do
  local fields = {}
  for i, place in ipairs(batch.places) do
    place_texts[i] = place[1] .. ' ' .. place[2]
    fields[i] = 'p:' .. place_texts[i]
  end
  for i, id in ipairs(read_fields(catalog_key, fields)) do
    if id then
      place_ids[i] = tonumber(id)
      know_place(place_ids[i], unpack(batch.places[i]))
    end
  end
end

-- The number of a place in the batch; a place that nobody was at before gets one.
local function place_id(i)
  if not place_ids[i] then
    catalog.places = catalog.places + 1
    place_ids[i] = catalog.places
    know_place(place_ids[i], unpack(batch.places[i]))
    catalog_add('p:' .. place_texts[i], integer(place_ids[i]))
    catalog_add('#' .. integer(place_ids[i]), place_texts[i])
  end
  return place_ids[i]
end

-- Make sure that `places` has all in a list of numbers.
local function look_places_up(ids)
  local fields = {}
  for i, id in ipairs(ids) do
    fields[i] = '#' .. integer(id)
  end
  for i, text in ipairs(read_fields(catalog_key, fields)) do
    know_place(ids[i], string.match(text, '^(%d+) (.*)$'))
  end
end
