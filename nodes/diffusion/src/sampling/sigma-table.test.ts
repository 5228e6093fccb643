import { describe, expect, test } from "vitest";
import type { Prediction } from "../models/descriptions.js";
import { preconditioning, startingNoise } from "./prediction.js";
import { sigmaAt, sigmaAtPercent, sigmaTable, stepAt } from "./sigma-table.js";

const prediction: Prediction = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: false,
};
const table = sigmaTable(prediction);
const variants: [string, Prediction][] = [
  ["scaled linear", prediction],
  ["linear", { ...prediction, schedule: "linear", betaStart: 0.0001, betaEnd: 0.02 }],
  ["zero terminal", { ...prediction, zeroTerminalSnr: true }],
];

test("Stable Diffusion's levels", () => {
  expect(table.smallest).toBeCloseTo(0.0291672, 6);
  expect(table.largest).toBeCloseTo(14.614642, 5);
});

describe.each(variants)("the %s table", (_, variant) => {
  const { sigmas } = sigmaTable(variant);

  test("rises", () => {
    expect(sigmas.every((sigma, i) => i === 0 || sigma > sigmas[i - 1]!)).toBe(true);
  });

  test("each step's level leads back to the step", () => {
    for (let step = 0; step < 1000; step++)
      expect(stepAt(sigmaTable(variant), sigmaAt(sigmaTable(variant), step))).toBe(step);
  });
});

test("a zero-terminal table ends with next to no signal, and begins as the plain one does", () => {
  const zero = sigmaTable({ ...prediction, zeroTerminalSnr: true });
  expect(zero.largest).toBeGreaterThan(4000);
  expect(zero.smallest).toBeCloseTo(table.smallest, 6);
});

test("between steps sigma is the geometric mean of its neighbours", () => {
  expect(sigmaAt(table, 499.5)).toBeCloseTo(Math.sqrt(table.sigmas[499]! * table.sigmas[500]!), 5);
});

test("steps outside the table are its ends", () => {
  expect(sigmaAt(table, -3)).toBe(sigmaAt(table, 0));
  expect(sigmaAt(table, 5000)).toBe(sigmaAt(table, 999));
});

test("the further through, the less noise", () => {
  const through = [0, 0.001, 0.25, 0.5, 0.999, 1].map((percent) => sigmaAtPercent(table, percent));
  expect(through.every((sigma, i) => i === 0 || sigma < through[i - 1]!)).toBe(true);
  expect(through[0]).toBeGreaterThan(table.largest);
  expect(through.at(-1)).toBe(0);
});

describe("a network that knows the picture", () => {
  const [picture, noise] = [0.7, -1.3];
  const outputs = {
    epsilon: () => noise,
    sample: () => picture,
    v_prediction: (sigma: number) => (noise - sigma * picture) / Math.sqrt(1 + sigma ** 2),
  };

  test.each(Object.keys(outputs) as (keyof typeof outputs)[])("denoises to it, by %s", (type) => {
    for (const sigma of [0.03, 1, 14.6]) {
      const { skip, out } = preconditioning(type, sigma);
      expect(skip * (picture + sigma * noise) + out * outputs[type](sigma)).toBeCloseTo(picture, 10);
    }
  });

  test("sees variance one", () => {
    for (const sigma of [0.03, 1, 14.6])
      expect(preconditioning("epsilon", sigma).in ** 2 * (1 + sigma ** 2)).toBeCloseTo(1, 12);
  });
});

test("a run from the largest level starts with training's variance, any other with its level", () => {
  expect(startingNoise(14.614642, 14.614642)).toBeCloseTo(Math.hypot(1, 14.614642), 10);
  expect(startingNoise(14.61464, 14.614642)).toBeGreaterThan(14.62);
  expect(startingNoise(7, 14.6)).toBe(7);
});
