import { ancestral } from "./ancestral.js";
import { blend3 } from "./blend.js";
import { intervals, type Sampler } from "./sampler.js";

/** Euler to below the next level, then fresh noise up to it. */
export const eulerAncestral: Sampler = {
  async *run({ x, sigmas, denoise, noise }) {
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const { down, up } = ancestral(sigma, next);
      x = down === 0 ? denoised : blend3(down / sigma, x, 1 - down / sigma, denoised, up, noise(sigma, next));
    }
    return x;
  },
};

/** Draws from the posterior of the step before (Ho et al. 2020, algorithm 2), which in sigma is the same step. */
export const ddpm: Sampler = eulerAncestral;
