import { blend, blend3 } from "./blend.js";
import { intervals, type Sampler } from "./sampler.js";

/** DPM-Solver++(2M): two-step in log sigma, one model call a step (Lu et al. 2022, algorithm 2). Second order. */
export const dpmpp2m: Sampler = {
  async *run({ x, sigmas, denoise }) {
    let last: { denoised: Float32Array; length: number } | undefined;
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const length = Math.log(sigma / next);
      const keep = next / sigma;
      if (last === undefined || next === 0) {
        x = blend(keep, x, 1 - keep, denoised);
      } else {
        // Extrapolated to the middle of the step by what the model said at its last two points.
        const ahead = length / (2 * last.length);
        x = blend3(keep, x, (1 - keep) * (1 + ahead), denoised, -(1 - keep) * ahead, last.denoised);
      }
      last = { denoised, length };
    }
    return x;
  },
};
