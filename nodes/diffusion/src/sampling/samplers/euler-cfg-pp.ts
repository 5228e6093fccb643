import { type Ancestral, ancestral, deterministic } from "./ancestral.js";
import { combine } from "./blend.js";
import { intervals, type Sampler } from "./sampler.js";

/**
 * CFG++ (Chung et al. 2024): the guided latent, back under the noise that the model sees without the prompt. Guidance
 * then never leaves the paths that lead to pictures, and small scales (about 1 to 2) suffice.
 */
const cfgPlusPlus = (split: (sigma: number, next: number) => Ancestral): Sampler => ({
  needsUncond: true,
  async *run({ x, sigmas, denoiseBoth, noise }) {
    for (const { index, sigma, next } of intervals(sigmas)) {
      const { denoised, uncond } = await denoiseBoth(x, sigma);
      yield { index, sigma, x, denoised };
      const { down, up } = split(sigma, next);
      const terms = [[1, denoised], [down / sigma, x], [-down / sigma, uncond]] as const;
      if (next === 0) x = denoised;
      else x = up === 0 ? combine(...terms) : combine(...terms, [up, noise(sigma, next)]);
    }
    return x;
  },
});

/** Euler's method with CFG++: DDIM as the paper has it. */
export const eulerCfgPp = cfgPlusPlus(deterministic);

/** euler_ancestral with CFG++. */
export const eulerAncestralCfgPp = cfgPlusPlus(ancestral);
