import { describe, expect, test } from "vitest";
import { brownianTree } from "./brownian.js";
import { seedSequence } from "./seed-sequence.js";

const tree = (seed: bigint, size = 5) => brownianTree(seed, { start: 0.0292, end: 14.6146, size });

describe("seeds", () => {
  test("are numpy's", () => {
    const options = { poolSize: 24 };
    expect(seedSequence(42n, { ...options, count: 2 })).toEqual([387750627, 2536650517]);
    expect(seedSequence(2n ** 40n + 1n, { ...options, spawnKey: [5, 3], count: 3 })).toEqual([
      4048194342, 680321424, 949924657,
    ]);
  });

  test("of a spawned sequence differ from those of a longer seed", () => {
    const spawned = seedSequence(1n, { spawnKey: [7], poolSize: 4, count: 1 });
    expect(spawned).not.toEqual(seedSequence(1n + (7n << 32n), { poolSize: 4, count: 1 }));
  });
});

test("the path is torchsde's", () => {
  const want = [-4.399308681488037, -1.0275070667266846, -1.2968751192092896, 1.5129425525665283, -2.0661182403564453];
  const got = tree(42n).increment(1, 4);
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 5);
});

test("increments add up", () => {
  const path = tree(1n);
  const [whole, first, rest] = [path.increment(0.5, 9), path.increment(0.5, 3.3), path.increment(3.3, 9)];
  for (const i of whole.keys()) expect(first[i]! + rest[i]!).toBeCloseTo(whole[i]!, 5);
});

test("what was asked before changes nothing", () => {
  const fresh = tree(2n).increment(2, 3);
  const used = tree(2n);
  for (const [from, to] of [
    [0.0292, 14.6146],
    [1, 2.5],
    [2.2, 2.3],
  ] as const)
    used.increment(from, to);
  expect(used.increment(2, 3)).toEqual(fresh);
});

test("a time outside the path is its end, and no time is no increment", () => {
  const path = tree(3n);
  expect(path.increment(0, 99)).toEqual(path.increment(0.0292, 14.6146));
  expect([...path.increment(5, 5)]).toEqual([0, 0, 0, 0, 0]);
});

test.each([
  [0.1, 0.101],
  [1, 3],
  [0.03, 14],
])("the variance from %f to %f is the time between", (from, to) => {
  const increment = tree(4n, 20_000).increment(from, to);
  const variance = increment.reduce((sum, value) => sum + value ** 2, 0) / increment.length;
  expect(variance / (to - from)).toBeGreaterThan(0.95);
  expect(variance / (to - from)).toBeLessThan(1.05);
});
