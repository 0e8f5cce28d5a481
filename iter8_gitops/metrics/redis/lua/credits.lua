-- Who is credited with a value: the place that its user was last given.

local credited = {} -- users with values that count, in their order
local listed = {} -- place -> pairs of metric numbers, joined by ':' -> true
local undeclared = { 'undeclared' }

local function credit(i)
  local user = users[batch.writers[i]]
  if not user.present then
    expose(user, place_id(batch.fallbacks[i]), batch.experiments[i])
  end
  if not user.added then
    user.added = {}
    credited[#credited + 1] = user
    local content = places[user.present].content
    if not content_number[content] then
      content_number[content] = 0
      undeclared[#undeclared + 1] = content
    end
  end
  local values = user.added[batch.named[i]]
  if not values then
    values = {}
    user.added[batch.named[i]] = values
  end
  values[#values + 1] = batch.numbers[i]
  for _, pair in ipairs(batch.listings[batch.lists[i]] or {}) do
    listed[user.present] = listed[user.present] or {}
    listed[user.present][metric_ids[pair[1]] .. ':' .. metric_ids[pair[2]]] = true
  end
end

for i = 1, #batch.numbers do
  if counts_once(batch.transactions[i]) then
    credit(i)
  end
end
if #undeclared > 1 then
  return undeclared
end
