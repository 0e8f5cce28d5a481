// docs/assignment.md once more, in JavaScript and with nothing but its standard library. Run with the file of golden
// vectors: prints what differs, and exits with 1 when anything does.

import { readFileSync } from "node:fs";

const MASK = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n,
];
const times = (a, b) => (a * b) & MASK;
const plus = (a, b) => (a + b) & MASK;
const rotated = (value, bits) => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (lane, input) => times(rotated(plus(lane, times(input, P2)), 31n), P1);

// XXH64 of a text's UTF-8, by the specification in the repository of xxHash (doc/xxhash_spec.md).
function xxh64(text, seed) {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  let place = 0;
  let hash;
  if (bytes.length >= 32) {
    const lanes = [plus(plus(seed, P1), P2), plus(seed, P2), seed, plus(seed, MASK + 1n - P1)];
    for (; place + 32 <= bytes.length; place += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i], view.getBigUint64(place + 8 * i, true));
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, bits, i) => plus(sum, rotated(lanes[i], bits)), 0n);
    for (const lane of lanes) hash = plus(times(hash ^ round(0n, lane), P1), P4);
  } else {
    hash = plus(seed, P5);
  }
  hash = plus(hash, BigInt(bytes.length));
  for (; place + 8 <= bytes.length; place += 8) {
    hash = plus(times(rotated(hash ^ round(0n, view.getBigUint64(place, true)), 27n), P1), P4);
  }
  if (place + 4 <= bytes.length) {
    hash = plus(times(rotated(hash ^ times(BigInt(view.getUint32(place, true)), P1), 23n), P2), P3);
    place += 4;
  }
  for (; place < bytes.length; place++) {
    hash = times(rotated(hash ^ times(BigInt(bytes[place]), P5), 11n), P1);
  }
  hash = times(hash ^ (hash >> 33n), P2);
  hash = times(hash ^ (hash >> 29n), P3);
  return hash ^ (hash >> 32n);
}

const unit = (hash) => (Number(hash >> 12n) + 0.5) / 2 ** 52;
const versionSeed = (application, salt, index) => xxh64(`${application}\0${salt}\0${index}`, 0n);
const holdoutSeed = (application) => xxh64(`${application}\0holdout`, 0n);
const holdoutPosition = (application, user) => unit(xxh64(user, holdoutSeed(application)));
const textOf = (value) => String(value);

function atRandom({ application, salt, weights, user }) {
  let winner = 0;
  let best = -1;
  weights.forEach((weight, index) => {
    if (weight === 0) return;
    const score = -weight / Math.log(unit(xxh64(user, versionSeed(application, salt, index))));
    if (score > best) [winner, best] = [index, score];
  });
  return winner;
}

function matches(rule, attributes) {
  return Object.entries(rule.when).every(
    ([name, texts]) => Object.hasOwn(attributes, name) && texts.includes(textOf(attributes[name])),
  );
}

function decide(asked, { overrides, holdout, rules }) {
  const { application, user, attributes, available } = asked;
  if (Object.hasOwn(overrides, user) && available[overrides[user]]) {
    return { version: overrides[user], reason: "override", rule: null };
  }
  if (available[0] && holdoutPosition(application, user) < holdout) {
    return { version: 0, reason: "holdout", rule: null };
  }
  const rule = rules.find((each) => matches(each, attributes));
  if (rule !== undefined && available[rule.version]) {
    return { version: rule.version, reason: "rule", rule: rule.name };
  }
  return { version: atRandom(asked), reason: "random", rule: null };
}

const vectors = JSON.parse(readFileSync(process.argv[2], "utf8"));
const hexadecimal = (number) => number.toString(16).padStart(16, "0");
const answers = {
  seeds: (each) => ({ seed: hexadecimal(versionSeed(each.application, each.salt, each.index)) }),
  assignments: (each) => ({ version: atRandom(each) }),
  holdoutSeeds: (each) => ({ seed: hexadecimal(holdoutSeed(each.application)) }),
  holdoutPositions: (each) => ({ position: holdoutPosition(each.application, each.user) }),
  texts: (each) => ({ text: textOf(each.value) }),
  decisions: (each) => decide(each, vectors.targetings[each.targeting]),
};

let [checked, wrong] = [0, 0];
for (const [name, answer] of Object.entries(answers)) {
  for (const vector of vectors[name]) {
    const found = answer(vector);
    checked += 1;
    if (Object.entries(found).some(([key, value]) => vector[key] !== value)) {
      wrong += 1;
      console.log(`${name}: ${JSON.stringify(vector)} became ${JSON.stringify(found)}`);
    }
  }
}
console.log(`${checked} vectors, ${wrong} differ`);
process.exit(wrong === 0 ? 0 : 1);
