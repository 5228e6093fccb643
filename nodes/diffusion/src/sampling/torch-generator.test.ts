import { describe, expect, test } from "vitest";
import { torchGenerator } from "./torch-generator.js";

const close = (got: Iterable<number>, want: readonly number[]) => {
  const values = [...got];
  expect(values).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(values[i]).toBeCloseTo(value, 5);
};
const moments = (all: Iterable<number>) => {
  const values = [...all];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
};

test("the numbers are torch's", () => {
  close(torchGenerator(42n).randn(3), [0.33669036626815796, 0.12880940735340118, 0.23446236550807953]);
  const block = torchGenerator(42n).randn(17);
  const some = [0, 8, 16].map((i) => block[i]!);
  close(some, [1.9269152879714966, 0.3558599054813385, -0.3097267746925354]);
  close(torchGenerator(0n).rand(3), [0.4962566, 0.7682218, 0.0884774]);
  expect(torchGenerator(0n).randint(2 ** 28 - 1, 3)).toEqual([209652404, 130329144, 118924928]);
  expect(torchGenerator(0n).randint(2 ** 31, 3)).toEqual([398764591, 1478610112, 1537364731]);
});

test("only the low 32 bits of a seed count, and negative seeds are two's complement", () => {
  const numbers = (seed: bigint) => [...torchGenerator(seed).randn(20)];
  expect(numbers(2n ** 32n + 5n)).toEqual(numbers(5n));
  expect(numbers(-1n)).toEqual(numbers(2n ** 64n - 1n));
  expect(numbers(6n)).not.toEqual(numbers(5n));
});

test.each([2n ** 64n, -(2n ** 63n) - 1n])("the seed %s is refused", (seed) => {
  expect(() => torchGenerator(seed)).toThrow(`the seed ${seed} is outside`);
});

describe("draws follow on from each other", () => {
  test("short draws are one sequence, however they are cut", () => {
    const whole = torchGenerator(1n).randn(9);
    const cut = torchGenerator(1n);
    expect([1, 3, 5].flatMap((count) => [...cut.randn(count)])).toEqual([...whole]);
  });

  test("draws of whole blocks are one sequence, and those with a rest are not", () => {
    const cut = (counts: readonly number[]) => {
      const generator = torchGenerator(2n);
      return counts.flatMap((count) => [...generator.randn(count)]);
    };
    expect(cut([32, 16])).toEqual(cut([48]));
    expect(cut([17, 31])).not.toEqual(cut([48]));
  });

  test("a long draw leaves the spare value of a short one for the next", () => {
    const plain = torchGenerator(3n).randn(2);
    const interrupted = torchGenerator(3n);
    interrupted.randn(1);
    interrupted.randn(16);
    expect(interrupted.randn(1)[0]).toBe(plain[1]);
  });
});

test.each([
  ["randn", (n: number) => torchGenerator(9n).randn(n)],
  ["randn64", (n: number) => torchGenerator(9n).randn64(n)],
  ["randn16", (n: number) => torchGenerator(9n).randn16(n)],
] as const)("%s is normal: mean 0, variance 1", (_, draw) => {
  const { mean, variance } = moments(draw(40_000));
  // Five standard errors.
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(40_000));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 40_000));
});

test("half precision gives halves", () => {
  for (const value of torchGenerator(4n).randn16(64)) {
    const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
    expect(Number.isInteger(value / ulp)).toBe(true);
  }
});

test("a permutation holds each number once", () => {
  const order = torchGenerator(5n).randperm(100);
  expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});
