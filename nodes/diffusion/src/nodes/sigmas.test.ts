import type { NodeType, Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import type { Model, Prediction } from "../models/index.js";
import { modelSamplingDiscrete } from "./model-sampling.js";
import { flipSigmas, splitSigmas, splitSigmasDenoise } from "./sigma-parts.js";
import {
  basicScheduler,
  betaSamplingScheduler,
  exponentialScheduler,
  karrasScheduler,
  laplaceScheduler,
  polyexponentialScheduler,
  sdTurboScheduler,
  vpScheduler,
} from "./sigmas.js";

const prediction: Prediction = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: true,
};
const model = { kind: "unet", prediction } as Model;
const patched = async (sampling: string, zsnr = false, from = model) =>
  ((await modelSamplingDiscrete.run({ model: from, sampling, zsnr } as never, {} as never)) as { MODEL: Model }).MODEL;

async function levels(node: NodeType, inputs: Record<string, unknown>): Promise<Float32Array> {
  return ((await node.run(inputs, {} as never)) as { SIGMAS: Tensor }).SIGMAS.data;
}
const near = (got: Float32Array, want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(got[i]! / (value || 1)).toBeCloseTo(value ? 1 : 0, 5);
};

describe("ModelSamplingDiscrete", () => {
  test("says what the network answers, and whether its training ended in noise", async () => {
    expect((await patched("v_prediction")).prediction).toEqual({
      ...prediction,
      type: "v_prediction",
      zeroTerminalSnr: false,
    });
    expect((await patched("x0", true)).prediction).toMatchObject({ type: "sample", zeroTerminalSnr: true });
    expect((await patched("img_to_img")).prediction.type).toBe("image_to_image");
  });

  test("leaves nothing of LCM behind", async () => {
    const lcm = await patched("lcm", true);
    expect(lcm.prediction).toMatchObject({ type: "consistency", distilledSteps: 50 });
    expect((await patched("eps", true, lcm)).prediction).toEqual({ ...prediction, type: "epsilon" });
  });

  test("leaves the model as it was", () => {
    expect(model.prediction).toBe(prediction);
  });
});

// The numbers are those of ComfyUI 0.3.64 on a Stable Diffusion 1.5 model.
describe("the levels are ComfyUI's:", () => {
  test("BasicScheduler of an LCM model", async () => {
    const inputs = { model: await patched("lcm"), scheduler: "normal", steps: 7, denoise: 1 };
    near(
      await levels(basicScheduler, inputs),
      [14.61464024, 6.04094362, 2.9910562, 1.66790187, 0.97282594, 0.52988076, 0.13445066, 0],
    );
  });

  test("BasicScheduler takes the last of the levels that ddim_uniform gives too many", async () => {
    const inputs = { model: await patched("eps"), scheduler: "ddim_uniform", steps: 7, denoise: 1 };
    near(
      await levels(basicScheduler, inputs),
      [6.57064962, 3.4854548, 2.04731178, 1.2720629, 0.79006094, 0.44030902, 0.04131441, 0],
    );
  });

  test.each([
    [4, 1, [14.61464024, 8.302803, 5.08776331, 3.32108307, 0]],
    [4, 0.7, [3.32108307, 2.27646303, 1.61288619, 1.16057837, 0]],
    [10, 0.35, [0.82985955, 0.56928492, 0.34167385, 0]],
    [3, 0, [0]],
  ])("SDTurboScheduler in %d steps at denoise %f", async (steps, denoise, want) => {
    near(await levels(sdTurboScheduler, { model: await patched("eps"), steps, denoise }), want);
  });
});

describe("KarrasScheduler", () => {
  const karras = (steps: number, rho: number, sigma_min = 0.1, sigma_max = 10) =>
    levels(karrasScheduler, { steps, sigma_max, sigma_min, rho });

  test.each([0.5, 1, 2, 3, 5.5, 7])("is even in the root of degree %f, from level to level", async (rho) => {
    const got = await karras(20, rho);
    const roots = [...got].slice(0, -1).map((sigma) => sigma ** (1 / rho));
    const even = (roots[19]! - roots[0]!) / 19;
    for (const [i, root] of roots.entries()) expect(root).toBeCloseTo(roots[0]! + even * i, 3);
    expect([got[0], got[19], got[20]]).toEqual([expect.closeTo(10, 4), expect.closeTo(0.1, 4), 0]);
  });

  test("goes to a smallest level of 0, and takes one step", async () => {
    expect((await karras(20, 7, 0))[19]).toBe(0);
    near(await karras(1, 7), [10, 0]);
  });

  test("refuses a root of no degree", async () => {
    expect(await karrasScheduler.check?.({ rho: 0 }, {} as never)).toContain("rho must be more than 0");
  });
});

test.each([
  [0, [8], [8, 4, 0]],
  [1, [8, 4], [4, 0]],
  [2, [8, 4, 0], [0]],
  [9, [8, 4, 0], []],
])("SplitSigmas after %d steps", async (step, high, low) => {
  const sigmas = { dims: [3], data: Float32Array.of(8, 4, 0) };
  expect(await splitSigmas.run({ sigmas, step }, {} as never)).toEqual({
    high_sigmas: { dims: [high.length], data: Float32Array.from(high) },
    low_sigmas: { dims: [low.length], data: Float32Array.from(low) },
  });
});

test.each([
  [0, [], [0]],
  [0.3, [8, 4, 2, 1], [1, 0]],
  [0.5, [8, 4, 2], [2, 1, 0]],
  [1, [8], [8, 4, 2, 1, 0]],
])("SplitSigmasDenoise before the last %f", async (denoise, high, low) => {
  const sigmas = { dims: [5], data: Float32Array.of(8, 4, 2, 1, 0) };
  const parts = (await splitSigmasDenoise.run({ sigmas, denoise }, {} as never)) as Record<string, Tensor>;
  expect([[...parts.high_sigmas!.data], [...parts.low_sigmas!.data]]).toEqual([high, low]);
});

test("FlipSigmas turns levels round, starts above 0, and leaves the given ones", async () => {
  const sigmas = { dims: [3], data: Float32Array.of(8, 4, 0) };
  near(await levels(flipSigmas, { sigmas }), [1e-4, 4, 8]);
  expect([...sigmas.data]).toEqual([8, 4, 0]);
  expect(await levels(flipSigmas, { sigmas: { dims: [0], data: new Float32Array(0) } })).toHaveLength(0);
});

describe("levels between any two", () => {
  const range = { sigma_max: 20, sigma_min: 0.05 };
  const even = (values: readonly number[]) => {
    for (const [i, value] of values.entries())
      expect(value).toBeCloseTo(values[0]! + ((values.at(-1)! - values[0]!) * i) / (values.length - 1), 4);
  };

  test("are even in their logarithm, by ExponentialScheduler and by PolyexponentialScheduler of 1", async () => {
    const plain = await levels(exponentialScheduler, { steps: 12, ...range });
    even([...plain].slice(0, -1).map(Math.log));
    near(await levels(polyexponentialScheduler, { steps: 12, ...range, rho: 1 }), [...plain]);
    expect(await exponentialScheduler.check?.({ sigma_min: 0 }, {} as never)).toBe("sigma_min must be more than 0");
  });

  test("crowd around one by LaplaceScheduler, within the range", async () => {
    const got = await levels(laplaceScheduler, { steps: 9, ...range, mu: 1, beta: 2 });
    expect(got[4]).toBeCloseTo(Math.E, 3);
    expect([got[0], got.at(-1)]).toEqual([expect.closeTo(20, 5), expect.closeTo(0.05, 5)]);
  });

  test("have the variance that a diffusion has at even times, by VPScheduler", async () => {
    const got = await levels(vpScheduler, { steps: 7, beta_d: 19.9, beta_min: 0.1, eps_s: 0.001 });
    // The solution of beta_d t² / 2 + beta_min t = log(1 + sigma²).
    const times = [...got].slice(0, -1).map((s) => (Math.sqrt(0.01 + 2 * 19.9 * Math.log1p(s * s)) - 0.1) / 19.9);
    even(times);
    expect([times[0], times.at(-1)]).toEqual([expect.closeTo(1, 4), expect.closeTo(0.001, 4)]);
  });

  test("are the beta scheduler's by BetaSamplingScheduler's defaults", async () => {
    const from = { model: await patched("eps"), steps: 13 };
    const want = await levels(basicScheduler, { ...from, scheduler: "beta", denoise: 1 });
    expect(await levels(betaSamplingScheduler, { ...from, alpha: 0.6, beta: 0.6 })).toEqual(want);
  });
});
