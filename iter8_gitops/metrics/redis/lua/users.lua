-- A user's record: the present place, all places, and the sums of values: place, metric, high, low, and so on.

local users = read_fields(users_key, batch.users)
do
  local unknown, asked = {}, {}
  for i, record in ipairs(users) do
    local user = { places = {}, sums = {} }
    if record then
      user.present, user.places, user.sums = unpack(cmsgpack.unpack(record))
    end
    users[i] = user
    for _, place in ipairs(user.places) do
      if not places[place] and not asked[place] then
        asked[place] = true
        unknown[#unknown + 1] = place
      end
    end
  end
  look_places_up(unknown)
end

local audience = {} -- content -> how many users are there for the first time
local arrivals = {} -- place -> the same, and how many of them are new in the experiment

local function expose(user, place, experiment)
  if user.present == place then
    return
  end
  user.present, user.changed = place, true
  local content, been_here, had_content, newcomer = places[place].content, false, false, 1
  for _, known in ipairs(user.places) do
    been_here = been_here or known == place
    had_content = had_content or places[known].content == content
    if places[known].number >= experiment then
      newcomer = 0
    end
  end
  if been_here then
    return
  end
  user.places[#user.places + 1] = place
  local arrived = arrivals[place] or { users = 0, newcomers = 0 }
  arrivals[place] = arrived
  arrived.users, arrived.newcomers = arrived.users + 1, arrived.newcomers + newcomer
  if not had_content then
    audience[content] = (audience[content] or 0) + 1
  end
end

for i = 1, #batch.exposed, 3 do
  expose(users[batch.exposed[i]], place_id(batch.exposed[i + 1]), batch.exposed[i + 2])
end
