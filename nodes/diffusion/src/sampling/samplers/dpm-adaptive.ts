import { lastLevel, type Start, secondOrder, slopeWithin, thirdOrder } from "./dpm-solver.js";
import type { Sampler } from "./sampler.js";
import { slope } from "./slope.js";

/** The error that a step may make, absolute and in parts of the latent, per element. */
const [ABSOLUTE, RELATIVE] = [0.0078, 0.05];
/** The first step's length in log sigma. */
const FIRST = 0.05;
/** A step is taken when the next may be at least this much as long. */
const SAFETY = 0.81;

/**
 * DPM-Solver-23 (Lu et al. 2022, appendix C.3): steps of third order as long as the second order agrees with them. Of
 * the schedule it takes only the ends, so its number of steps is its own: it yields once for each that it tries. Ends
 * at the last level above 0.
 */
export const dpmAdaptive: Sampler = {
  async *run({ x, sigmas, denoise }) {
    if (sigmas.length < 2) return x;
    const end = lastLevel(sigmas);
    let [sigma, length, before] = [sigmas[0]!, FIRST, x];
    for (let index = 0; Math.log(sigma / end) > 1e-5; index++) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const start: Start = {
        x,
        slope: slope(x, denoised, sigma),
        sigma,
        next: Math.max(end, sigma * Math.exp(-length)),
      };
      const third = await slopeWithin(denoise, start, 1 / 3);
      const low = secondOrder(start, third, 1 / 3);
      const high = await thirdOrder(denoise, start, third);
      const error = distance(low, high, before);
      if (!Number.isFinite(error)) throw new Error(`the model's answer at noise level ${sigma} is not a number`);
      // An error of 1 is the one allowed. The third order's grows with the cube of the length.
      const wanted = Math.cbrt(1 / (error + 1e-8));
      const factor = 1 + Math.atan(wanted - 1);
      if (factor >= SAFETY) [x, sigma, before] = [high, start.next, low];
      length *= factor;
    }
    return x;
  },
};

/** How far two answers are apart, in units of what is allowed: the root of the mean square. */
function distance(low: Float32Array, high: Float32Array, before: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < low.length; i++) {
    const size = Math.max(Math.abs(low[i]!), Math.abs(before[i]!));
    sum += ((low[i]! - high[i]!) / Math.max(ABSOLUTE, RELATIVE * size)) ** 2;
  }
  return Math.sqrt(sum / low.length);
}
