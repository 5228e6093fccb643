import { expect, test } from "vitest";
import { differentialMask } from "./inpaint-differential.js";
import { sigmaTable } from "./sigma-table.js";

const prediction = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: false,
} as const;
const { sigmas: trained } = sigmaTable(prediction);
/** From the noisiest training step to the least noisy, by way of the middle. */
const sigmas = Float32Array.of(trained[999]!, trained[750]!, trained[500]!, trained[250]!, trained[0]!, 0);
const greys = Float32Array.of(0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1);
const maskAt = (differential?: number, run = sigmas) =>
  differentialMask(differential === undefined ? { prediction } : { prediction, differential }, run, greys);

test("an ordinary model's mask doesn't change", () => {
  expect(maskAt()).toBeUndefined();
});

test("white changes from the start, grey once as much of the way is left, and black at the very end", () => {
  const opened = [...sigmas.subarray(0, 5)].map((sigma) => maskAt(1)!(sigma).filter((value) => value === 1).length);
  expect(opened).toEqual([1, 2, 4, 6, 9]);
});

test("what has started to change goes on changing", () => {
  let before: Float32Array = new Float32Array(greys.length);
  for (const sigma of sigmas.subarray(0, 5)) {
    const now = maskAt(1)!(sigma);
    for (const [i, value] of now.entries()) expect(value).toBeGreaterThanOrEqual(before[i]!);
    before = now;
  }
});

test("a run that starts later, or ends earlier, divides its own part of the way", () => {
  const run = Float32Array.of(trained[500]!, trained[400]!, trained[300]!);
  const at = maskAt(1, run)!;
  expect([...at(trained[500]!)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect([...at(trained[400]!)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
  expect([...at(trained[300]!)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

test("strength mixes with the mask as it is; none at all is full strength, as in ComfyUI", () => {
  const sigma = trained[500]!;
  const [full, half] = [maskAt(1)!(sigma), maskAt(0.5)!(sigma)];
  for (const [i, value] of half.entries()) expect(value).toBeCloseTo((full[i]! + greys[i]!) / 2, 6);
  expect(maskAt(0)!(sigma)).toEqual(full);
});
