-- Transactions that have counted: a set of digests for each day.

local DIGEST = 14
local TODAY = 5 -- the place of its key

local new_transactions = {}
local has_counted = {} -- digest -> true

local function digest(i)
  return string.sub(ARGV[2], (i - 1) * DIGEST + 1, i * DIGEST)
end

do
  local digests = {}
  for i = 1, #ARGV[2] / DIGEST do
    digests[i] = digest(i)
  end
  for day = 4, 3 + batch.days do
    for first = 1, #digests, CHUNK do
      local last = math.min(first + CHUNK - 1, #digests)
      for i, known in ipairs(redis.call('SMISMEMBER', KEYS[day], unpack(digests, first, last))) do
        if known == 1 then
          has_counted[digests[first + i - 1]] = true
        end
      end
    end
  end
end

-- Whether a value counts: the first one of its transaction does.
local function counts_once(transaction)
  if transaction == 0 then
    return true
  end
  local one = digest(transaction)
  if has_counted[one] then
    return false
  end
  has_counted[one] = true
  new_transactions[#new_transactions + 1] = one
  return true
end

local function keep_transactions()
  for first = 1, #new_transactions, CHUNK do
    local last = math.min(first + CHUNK - 1, #new_transactions)
    redis.call('SADD', KEYS[TODAY], unpack(new_transactions, first, last))
  end
  if #new_transactions > 0 and redis.call('PTTL', KEYS[TODAY]) < batch.kept_ms then
    redis.call('PEXPIRE', KEYS[TODAY], integer(batch.kept_ms))
  end
end
