import { expect, test } from "vitest";
import { vectorCondition } from "./vector-condition.js";

const pooled = { dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };

test("pooled text comes first, then cosines and sines of each size, row by row", () => {
  const { dims, data } = vectorCondition(
    pooled,
    [
      [0, 1],
      [2, 3],
    ],
    3 + 2 * 4,
  );
  expect(dims).toEqual([2, 11]);
  const angles = (size: number) => [Math.cos(size), Math.cos(size / 100), Math.sin(size), Math.sin(size / 100)];
  const expected = [1, 2, 3, ...angles(0), ...angles(1), 4, 5, 6, ...angles(2), ...angles(3)];
  for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 6);
});

test("widths that don't add up are refused", () => {
  expect(() =>
    vectorCondition(
      pooled,
      [
        [0, 1],
        [2, 3],
      ],
      10,
    ),
  ).toThrow("a vector of 10 cannot hold");
  expect(() => vectorCondition(pooled, [[0, 1]], 11)).toThrow("1 rows of 2 sizes");
});
