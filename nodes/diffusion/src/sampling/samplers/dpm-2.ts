import { type Ancestral, ancestral, deterministic } from "./ancestral.js";
import { combine } from "./blend.js";
import { eulerStep } from "./euler.js";
import { intervals, type Sampler } from "./sampler.js";

/** DPM-Solver-2 (Lu et al. 2022): the slope in the middle of the step, in log sigma, for all of it. */
const midpoint = (split: (sigma: number, next: number) => Ancestral): Sampler => ({
  discardPenultimate: true,
  async *run({ x, sigmas, denoise, noise }) {
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const { down, up } = split(sigma, next);
      if (down === 0) {
        x = denoised;
        continue;
      }
      const middle = Math.sqrt(sigma * down);
      const guess = eulerStep(x, denoised, sigma, middle);
      const along = (down - sigma) / middle;
      const terms = [
        [1, x],
        [along, guess],
        [-along, await denoise(guess, middle)],
      ] as const;
      x = up === 0 ? combine(...terms) : combine(...terms, [up, noise(sigma, next)]);
    }
    return x;
  },
});

/** Second order. */
export const dpm2 = midpoint(deterministic);

/** The same to below the next level, then fresh noise up to it. */
export const dpm2Ancestral = midpoint(ancestral);
