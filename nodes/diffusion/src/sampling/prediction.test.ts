import { describe, expect, test } from "vitest";
import type { Prediction } from "../models/descriptions.js";
import { preconditioning, startingNoise } from "./prediction.js";
import { sigmaAt, sigmaTable } from "./sigma-table.js";

const trained: Prediction = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: false,
};
const lcm: Prediction = { ...trained, type: "consistency", distilledSteps: 50 };

describe("a network that knows the picture", () => {
  const [picture, noise] = [0.7, -1.3];
  const outputs = {
    epsilon: () => noise,
    sample: () => picture,
    image_to_image: () => picture,
    v_prediction: (sigma: number) => (noise - sigma * picture) / Math.sqrt(1 + sigma ** 2),
  };

  test.each(Object.keys(outputs) as (keyof typeof outputs)[])("denoises to it, by %s", (type) => {
    for (const sigma of [0.03, 1, 14.6]) {
      const { skip, out } = preconditioning({ ...trained, type }, sigma);
      expect(skip * (picture + sigma * noise) + out * outputs[type](sigma)).toBeCloseTo(picture, 10);
    }
  });

  test("sees variance one, but for one that is shown the latent as it is", () => {
    for (const sigma of [0.03, 1, 14.6]) {
      expect(preconditioning(trained, sigma).in ** 2 * (1 + sigma ** 2)).toBeCloseTo(1, 12);
      expect(preconditioning({ ...trained, type: "image_to_image" }, sigma).in).toBe(1);
    }
  });
});

describe("a consistency model", () => {
  const denoised = (sigma: number, x: number, noise: number): number => {
    const { skip, out } = preconditioning(lcm, sigma);
    return skip * x + out * noise;
  };

  test("makes the picture of the noise where there is much of it", () => {
    const sigma = sigmaAt(sigmaTable(lcm), 999);
    expect(denoised(sigma, 0.7 + sigma * -1.3, -1.3)).toBeCloseTo(0.7, 4);
  });

  test("leaves a latent as it is at its first training step", () => {
    const all: Prediction = { ...trained, type: "consistency" };
    const { skip, out } = preconditioning(all, sigmaTable(all).smallest);
    expect([skip, Math.abs(out)]).toEqual([1, 0]);
  });

  test.each([
    [0.03, 0.3, 0.9, 0.273001134],
    [1.7, 2, -0.4, 2.680000067],
    [14.6, 0.7, 1.3, -18.279998779],
  ])("at %f answers as ComfyUI's does", (sigma, x, noise, want) => {
    expect(denoised(sigma, x, noise)).toBeCloseTo(want, 5);
  });
});

test("a run from the largest level starts with training's variance, any other with its level", () => {
  expect(startingNoise(14.614642, 14.614642)).toBeCloseTo(Math.hypot(1, 14.614642), 10);
  expect(startingNoise(14.61464, 14.614642)).toBeGreaterThan(14.62);
  expect(startingNoise(7, 14.6)).toBe(7);
});
