import { expect, test } from "vitest";
import { random } from "../../test/host.js";
import { type Answer, weightedMean } from "./weighted-mean.js";

const DIMS = [2, 3, 4, 5] as const;
const latent = (seed: number): Float32Array => random([...DIMS], seed).data;
const mean = (...answers: Answer[]) => weightedMean(answers, DIMS);
const near = (a: Float32Array, b: Float32Array) => {
  expect(a).toHaveLength(b.length);
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 5);
};

test("one answer for all of the latent is the mean, whatever it weighs", () => {
  const denoised = latent(1);
  for (const weight of [1, 0.01, 10]) expect(mean({ denoised, weight })).toBe(denoised);
});

test("answers that agree are their mean", () => {
  const denoised = latent(1);
  near(mean({ denoised, weight: 0.3 }, { denoised, weight: 7 }), denoised);
});

test("weights count by their ratio", () => {
  const [a, b] = [latent(1), latent(2)];
  const blend = a.map((value, i) => 0.25 * value + 0.75 * b[i]!);
  near(mean({ denoised: a, weight: 1 }, { denoised: b, weight: 3 }), blend);
  near(mean({ denoised: a, weight: 0.1 }, { denoised: b, weight: 0.3 }), blend);
});

test("where nothing counts there is nothing", () => {
  expect(mean()).toEqual(new Float32Array(120));
  expect(mean({ denoised: latent(1), weight: 0 })).toEqual(new Float32Array(120));
});

test("a window's answer counts in its cells of each channel and item, and nowhere else", () => {
  const whole = latent(1);
  const window = { height: 2, width: 3, y: 1, x: 2 };
  const mixed = mean({ denoised: whole, weight: 1 }, { denoised: new Float32Array(36).fill(5), weight: 1, window });
  for (const [i, value] of mixed.entries()) {
    const [row, column] = [Math.floor(i / 5) % 4, i % 5];
    const inside = row >= 1 && row < 3 && column >= 2;
    expect(value).toBeCloseTo(inside ? (whole[i]! + 5) / 2 : whole[i]!, 5);
  }
});

test("weights of one item serve all of a batch, and those of each its own", () => {
  const [a, b] = [new Float32Array(120), new Float32Array(120).fill(1)];
  const half = Float32Array.from({ length: 20 }, (_, i) => (i < 10 ? 1 : 0));
  const both = Float32Array.of(...half, ...half.map((value) => 1 - value));
  const rest = (weights: Float32Array) => weights.map((value) => 1 - value);
  const shared = mean({ denoised: a, weight: rest(half) }, { denoised: b, weight: half });
  const own = mean({ denoised: a, weight: rest(both) }, { denoised: b, weight: both });
  for (let i = 0; i < 120; i++) {
    expect(shared[i]).toBe(i % 20 < 10 ? 1 : 0);
    expect(own[i]).toBe(i % 20 < 10 === i < 60 ? 1 : 0);
  }
});
