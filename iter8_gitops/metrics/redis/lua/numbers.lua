-- Sums without rounding, as in iter8_gitops.core.moments. Lua's numbers are doubles, and each operation rounds once.

local abs = math.abs
local SPLITTER = 2 ^ 27 + 1

-- Partials add up to a sum exactly, do not overlap, and ascend by magnitude: Shewchuk, "Adaptive precision
-- floating-point arithmetic and fast robust geometric predicates", 1997.
local function add_term(partials, x)
  local kept = 0
  for i = 1, partials.n do
    local y = partials[i]
    if abs(x) < abs(y) then
      x, y = y, x
    end
    local high = x + y
    local low = y - (high - x)
    if low ~= 0 then
      kept = kept + 1
      partials[kept] = low
    end
    x = high
  end
  if x ~= 0 then
    kept = kept + 1
    partials[kept] = x
  end
  partials.n = kept
end

-- The double nearest to the sum; halfway between two, the even one.
local function rounded(partials)
  local n = partials.n
  if n == 0 then
    return 0
  end
  local high, low = partials[n], 0
  while n > 1 and low == 0 do
    n = n - 1
    local x, y = high, partials[n]
    high = x + y
    low = y - (high - x)
  end
  if n > 1 and low ~= 0 and (low < 0) == (partials[n - 1] < 0) then
    local twice = low * 2
    local x = high + twice
    if x - high == twice then
      high = x
    end
  end
  return high
end

-- The sum as two doubles: the nearest one, and what that left out, rounded.
local function as_two(partials)
  local high = rounded(partials)
  if partials.n < 2 then
    return high, 0
  end
  local rest = { n = partials.n, unpack(partials, 1, partials.n) }
  add_term(rest, -high)
  return high, rounded(rest)
end

local function sum_of(high, low)
  local partials = { n = 0 }
  add_term(partials, high)
  add_term(partials, low)
  return partials
end

local function add_all(partials, terms)
  for i = 1, terms.n do
    add_term(partials, terms[i])
  end
end

-- high, low -> the same after all of a sum in partials is added.
local function added(high, low, partials)
  local sum = sum_of(high, low)
  add_all(sum, partials)
  return as_two(sum)
end

local function split(x)
  local scaled = SPLITTER * x
  local head = scaled - (scaled - x)
  return head, x - head
end

-- Add sign * x * y: two terms that are exactly the product (Dekker 1971).
local function add_product(partials, x, y, sign)
  local product = x * y
  local x_head, x_tail = split(x)
  local y_head, y_tail = split(y)
  local rest = ((x_head * y_head - product) + x_head * y_tail + x_tail * y_head) + x_tail * y_tail
  add_term(partials, sign * product)
  add_term(partials, sign * rest)
end

-- What joins and leaves a set of values: how many, their sum, the sum of their squares.
local function new_change()
  return { count = 0, sum = { n = 0 }, squares = { n = 0 } }
end

local function join(change, x)
  change.count = change.count + 1
  add_term(change.sum, x)
  add_product(change.squares, x, x, 1)
end

local function leave(change, x)
  change.count = change.count - 1
  add_term(change.sum, -x)
  add_product(change.squares, x, x, -1)
end
