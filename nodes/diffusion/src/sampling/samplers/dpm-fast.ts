import { firstOrder, lastLevel, type Start, secondOrder, slopeWithin, thirdOrder, within } from "./dpm-solver.js";
import type { Sampler } from "./sampler.js";
import { slope } from "./slope.js";

/**
 * DPM-Solver-fast (Lu et al. 2022, section 3.3): as many model calls as the schedule has steps, spent on steps of
 * third order, even in log sigma; of the schedule it takes only the ends. It yields once for each of its own steps and
 * ends at the last level above 0.
 */
export const dpmFast: Sampler = {
  async *run({ x, sigmas, denoise }) {
    if (sigmas.length < 2) return x;
    const [from, to] = [sigmas[0]!, lastLevel(sigmas)];
    if (from === to) return x;
    const orders = spend(sigmas.length - 1);
    for (const [index, order] of orders.entries()) {
      const sigma = within(from, to, index / orders.length);
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const next = within(from, to, (index + 1) / orders.length);
      const start: Start = { x, slope: slope(x, denoised, sigma), sigma, next };
      if (order === 1) x = firstOrder(start);
      else if (order === 2) x = secondOrder(start, await slopeWithin(denoise, start, 1 / 2), 1 / 2);
      else x = await thirdOrder(denoise, start, await slopeWithin(denoise, start, 1 / 3));
    }
    return x;
  },
};

/** The orders of steps that cost this many model calls together: threes, and at the end what is left. */
function spend(calls: number): number[] {
  const threes = Math.floor(calls / 3);
  if (calls % 3 !== 0) return [...Array<number>(threes).fill(3), calls % 3];
  return [...Array<number>(threes - 1).fill(3), 2, 1];
}
