-- Of every two metrics, the sum over users of the product of their sums in a place. All pairs are kept, not only those
-- that values list: for one that is listed late, all users would have to be read. Those that were listed are marked.

local products = {} -- place -> pair -> what is added

local function change_product(place, one, other, before, after)
  local pair = one < other and one .. ':' .. other or other .. ':' .. one
  local of_place = products[place] or {}
  products[place] = of_place
  local change = of_place[pair] or { n = 0 }
  of_place[pair] = change
  if before[one] and before[other] then
    add_product(change, before[one], before[other], -1)
  end
  add_product(change, after[one], after[other], 1)
end

-- `before` and `after` are the user's sums of the metrics that changed; the others did not.
local function follow_products(user, before, after)
  local others = {}
  for i = 1, #user.sums, 4 do
    local metric = user.sums[i + 1]
    if user.sums[i] == user.present and after[metric] == nil then
      others[#others + 1] = metric
      before[metric], after[metric] = user.sums[i + 2], user.sums[i + 2]
    end
  end
  for i, metric in ipairs(user.moved) do
    for _, other in ipairs(others) do
      change_product(user.present, metric, other, before, after)
    end
    for j = i + 1, #user.moved do
      change_product(user.present, metric, user.moved[j], before, after)
    end
  end
end

local new_products = {} -- content -> fields and values

local function compute_products()
  for place, pairs_there in pairs(products) do
    local content, epoch = places[place].content, places[place].epoch
    local fields = new_products[content] or {}
    new_products[content] = fields
    for pair, change in pairs(pairs_there) do
      local field = epoch .. ' p' .. pair
      local stored = read_packed(epochs_key(content), field, { 0, 0 })
      fields[#fields + 1] = field
      fields[#fields + 1] = cmsgpack.pack({ added(stored[1], stored[2], change) })
    end
  end
  for place, pairs_there in pairs(listed) do
    local content, epoch = places[place].content, places[place].epoch
    local fields = new_products[content] or {}
    new_products[content] = fields
    for pair in pairs(pairs_there) do
      fields[#fields + 1] = epoch .. ' l' .. pair
      fields[#fields + 1] = ''
    end
  end
end
