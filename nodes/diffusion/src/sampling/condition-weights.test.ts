import { describe, expect, test } from "vitest";
import type { Rect } from "./areas.js";
import { isNothing, type Weight, weightOf } from "./condition-weights.js";

const SIZE = [24, 40] as const;
const area = (height: number, width: number, y: number, x: number, strength = 1): Weight =>
  weightOf({ strength, window: { height, width, y, x } satisfies Rect }, SIZE);

test("without area and mask a condition weighs its strength everywhere", () => {
  expect(weightOf({ strength: 1.5 }, SIZE)).toBe(1.5);
  expect(area(24, 40, 0, 0, 1.5)).toBe(1.5);
});

describe("an area", () => {
  test("fades over eight cells towards the rest of the latent, and not at its edge", () => {
    const weight = area(24, 32, 0, 8) as Float32Array;
    const row = [...weight.subarray(0, 32)];
    expect(row.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => n / 8));
    expect(row.slice(8)).toEqual(Array(24).fill(1));
  });

  test("fades over a quarter of its side when it is small, and not at all below four cells", () => {
    const weight = area(3, 8, 4, 4) as Float32Array;
    expect([...weight.subarray(0, 8)]).toEqual([0.5, 1, 1, 1, 1, 1, 1, 0.5]);
    expect([...weight]).toEqual(Array(3).fill([0.5, 1, 1, 1, 1, 1, 1, 0.5]).flat());
  });

  test("fades in its corners by both sides, in proportion to its strength", () => {
    const [once, twice] = [area(8, 8, 4, 4), area(8, 8, 4, 4, 2)] as [Float32Array, Float32Array];
    expect(once[0]).toBe(0.25);
    expect([...twice]).toEqual([...once].map((value) => 2 * value));
  });
});

describe("a mask", () => {
  const planes = { dims: [1, 1, ...SIZE], data: Float32Array.from({ length: 960 }, (_, i) => (i % 40) / 40) };

  test("weighs what it says times both strengths", () => {
    const weight = weightOf({ strength: 2, mask: { planes, strength: 0.5 } }, SIZE);
    expect(weight).toEqual(planes.data);
  });

  test("takes the place of an area's fading", () => {
    const ones = { ...planes, data: planes.data.map(() => 1) };
    const window = { height: 8, width: 8, y: 4, x: 4 };
    expect(weightOf({ strength: 1, window, mask: { planes: ones, strength: 1 } }, SIZE)).toEqual(
      new Float32Array(64).fill(1),
    );
  });
});

test("what weighs nothing anywhere is nothing", () => {
  expect([0, new Float32Array(4), 0.1, Float32Array.of(0, 0.1)].map(isNothing)).toEqual([true, true, false, false]);
});
