import { expect, test } from "vitest";
import { random } from "../../test/host.js";
import { guidance, guide } from "./guidance.js";

const DIMS = [2, 4, 6, 6];
const SIGMA = 3;
const [x, positive, negative] = [1, 2, 3].map((seed) => random(DIMS, seed).data) as [
  Float32Array,
  Float32Array,
  Float32Array,
];
const guided = (rescaleGuidance: number | undefined, scale: number, batch = 2) =>
  guidance(rescaleGuidance === undefined ? {} : { rescaleGuidance }, scale, [batch])({
    x,
    sigma: SIGMA,
    positive,
    negative,
  });
/** The standard deviation of one item's velocity, up to what all of them are multiplied by. */
const spread = (denoised: Float32Array, item: number) => {
  const size = x.length / 2;
  const velocity = Array.from(denoised.subarray(item * size, (item + 1) * size), (value, i) => {
    return x[item * size + i]! / (SIGMA ** 2 + 1) - value;
  });
  const mean = velocity.reduce((sum, v) => sum + v, 0) / size;
  return Math.sqrt(velocity.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size);
};

test("a model that doesn't rescale, or rescales by nothing, is guided as usual", () => {
  for (const rescale of [undefined, 0]) expect(guided(rescale, 7)).toEqual(guide(7, positive, negative));
});

test("rescaled fully, each item's velocity spreads as the prompt's own", () => {
  const result = guided(1, 7);
  for (const item of [0, 1]) expect(spread(result, item)).toBeCloseTo(spread(positive, item), 5);
  expect(spread(guide(7, positive, negative), 0)).toBeGreaterThan(2 * spread(positive, 0));
});

test("rescaled in part, the result lies that far between", () => {
  const [plain, full, part] = [guided(0, 7), guided(1, 7), guided(0.7, 7)];
  for (const [i, value] of part.entries()) expect(value).toBeCloseTo(0.3 * plain[i]! + 0.7 * full[i]!, 5);
});

test("there is nothing to rescale at a scale of one", () => {
  const result = guided(0.7, 1);
  for (const [i, value] of result.entries()) expect(value).toBeCloseTo(positive[i]!, 5);
});

test("answers without any spread stay finite", () => {
  const flat = new Float32Array(x.length);
  const result = guidance({ rescaleGuidance: 1 }, 7, [1])({ x: flat, sigma: SIGMA, positive: flat, negative: flat });
  expect(result).toEqual(flat);
});
