import { combine } from "./blend.js";
import { type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { eulerStep } from "./euler.js";
import { intervals, type Sampler } from "./sampler.js";
import { slope } from "./slope.js";

/** How much of the change since the last slope is added to this one. The paper's gamma is one more. */
const OVERSHOOT = 1;

const asking = (ask: Ask): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    let last: Float32Array | undefined;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const { from, denoised } = await ask(problem, x, sigma);
      yield { index, sigma, x, denoised };
      const here = slope(from, denoised, sigma);
      const ahead = OVERSHOOT * (next - sigma);
      x = eulerStep(from, denoised, sigma, next);
      if (last !== undefined && next > 0) x = combine([1, x], [ahead, here], [-ahead, last]);
      last = here;
    }
    return x;
  };

/**
 * Gradient estimation (Permenter and Yuan 2024): denoising as descent on the distance to the data, each step along the
 * slope moved on from the one before.
 */
export const gradientEstimation: Sampler = { run: asking(plain) };

/** The same with CFG++. */
export const gradientEstimationCfgPp: Sampler = { run: asking(cfgPlusPlus), needsUncond: true };
