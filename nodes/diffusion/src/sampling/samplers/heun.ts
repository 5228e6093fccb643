import { blend, blend3 } from "./blend.js";
import { eulerStep } from "./euler.js";
import { intervals, type Sampler } from "./sampler.js";

/** Heun's method: Euler, then the average of the slopes at both ends (Karras et al. 2022, algorithm 2). Second order. */
export const heun: Sampler = {
  async *run({ x, sigmas, denoise }) {
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const guess = eulerStep(x, denoised, sigma, next);
      if (next === 0) {
        x = guess;
        continue;
      }
      const corrected = await denoise(guess, next);
      const half = (next - sigma) / 2;
      x = blend3(1 + half / sigma, x, -half / sigma, denoised, half / next, blend(1, guess, -1, corrected));
    }
    return x;
  },
};
