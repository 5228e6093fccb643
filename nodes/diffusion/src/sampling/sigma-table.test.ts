import { describe, expect, test } from "vitest";
import type { Prediction } from "../models/descriptions.js";
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

describe("a distilled network's table", () => {
  const lcm = sigmaTable({ ...prediction, distilledSteps: 50 });

  test("is every twentieth level of the whole, the last among them", () => {
    expect([...lcm.sigmas]).toEqual([...table.sigmas].filter((_, step) => step % 20 === 19));
    expect(lcm.largest).toBe(table.largest);
  });

  test("leads from each of its steps to the level and back", () => {
    for (let step = 19; step < 1000; step += 20) {
      expect(stepAt(lcm, sigmaAt(lcm, step))).toBe(step);
      expect(sigmaAt(lcm, step)).toBeCloseTo(sigmaAt(table, step), 5);
    }
  });

  test("knows no step before its first, and goes through the same training", () => {
    expect(sigmaAt(lcm, 0)).toBe(sigmaAt(lcm, 19));
    for (const percent of [0, 0.2, 0.5, 0.9, 1]) {
      expect(sigmaAtPercent(lcm, percent) / (sigmaAtPercent(table, percent) || 1)).toBeCloseTo(percent < 1 ? 1 : 0, 2);
    }
  });

  test.each([2000, 0, -1, Number.NaN])("of %d steps in 1000 is refused", (distilledSteps) => {
    expect(() => sigmaTable({ ...prediction, distilledSteps })).toThrow(`trained on 1000 steps cannot know`);
  });
});
