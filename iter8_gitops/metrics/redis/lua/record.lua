-- Everything is computed first and written at the end.

for _, user in ipairs(credited) do
  local before, after = {}, {}
  user.moved = {}
  for metric, values in pairs(user.added) do
    local id = metric_ids[metric]
    user.moved[#user.moved + 1] = id
    before[id], after[id] = add_values(user, metric, values)
  end
  follow_products(user, before, after)
end
for _, one in ipairs(series) do
  compute_sums(one)
end
compute_products()

-- A server without memory refuses this first write, and none of those that follow it in a script.
redis.call('HSET', catalog_key, 'format', FORMAT, 'places', integer(catalog.places), 'metrics', integer(catalog.metrics))
write_fields(catalog_key, catalog.added)
if batch.marker_ms > 0 then
  redis.call('SET', marker_key, '', 'PX', integer(batch.marker_ms))
end
keep_transactions()
for content, arrived in pairs(audience) do
  redis.call('HINCRBY', sums_key(content), 'users', arrived)
end
for place, arrived in pairs(arrivals) do
  local key, epoch = epochs_key(places[place].content), places[place].epoch
  redis.call('HINCRBY', key, epoch .. ' users', arrived.users)
  redis.call('HINCRBY', key, epoch .. ' newcomers', arrived.newcomers)
end
for _, one in ipairs(series) do
  write_series(one)
end
for content, fields in pairs(new_products) do
  write_fields(epochs_key(content), fields)
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
