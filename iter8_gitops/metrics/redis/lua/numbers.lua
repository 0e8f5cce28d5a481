-- Sums without rounding, as in iter8_gitops.core.moments. Lua's numbers are doubles, and each operation rounds once.

local SPLITTER = 2 ^ 27 + 1

-- Partials add up to a sum exactly, do not overlap, and ascend by magnitude: Shewchuk, "Adaptive precision
-- floating-point arithmetic and fast robust geometric predicates", 1997. Each step is Knuth's sum of two.
local function add_term(partials, x)
  local kept = 0
  for i = 1, partials.n do
    local y = partials[i]
    local high = x + y
    local of_y = high - x
    local low = (x - (high - of_y)) + (y - of_y)
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

local function add_all(partials, terms)
  for i = 1, terms.n do
    add_term(partials, terms[i])
  end
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

-- The sum as two doubles: the nearest one, and what that left out, rounded. Ends the use of the partials.
local function as_two(partials)
  local high = rounded(partials)
  if partials.n < 2 then
    return high, 0
  end
  add_term(partials, -high)
  return high, rounded(partials)
end

local scratch = { n = 0 }

-- A sum of two doubles, after all of a sum in partials is added.
local function added(high, low, partials)
  scratch.n = 0
  add_term(scratch, low)
  add_term(scratch, high)
  add_all(scratch, partials)
  return as_two(scratch)
end

-- Add sign * x * y: two terms that are exactly the product (Dekker 1971).
local function add_product(partials, x, y, sign)
  local product = x * y
  local scaled = SPLITTER * x
  local x_head = scaled - (scaled - x)
  local x_tail = x - x_head
  scaled = SPLITTER * y
  local y_head = scaled - (scaled - y)
  local y_tail = y - y_head
  local rest = ((x_head * y_head - product) + x_head * y_tail + x_tail * y_head) + x_tail * y_tail
  if rest ~= 0 then
    add_term(partials, sign * rest)
  end
  add_term(partials, sign * product)
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

local function join_all(change, other)
  change.count = change.count + other.count
  add_all(change.sum, other.sum)
  add_all(change.squares, other.squares)
end
