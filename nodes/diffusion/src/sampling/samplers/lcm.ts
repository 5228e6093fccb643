import { blend } from "./blend.js";
import { intervals, type Sampler } from "./sampler.js";

/** All the way to the denoised latent, and back up with fresh noise: for consistency models (Luo et al. 2023). */
export const lcm: Sampler = {
  async *run({ x, sigmas, denoise, noise }) {
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      x = next > 0 ? blend(1, denoised, next, noise(sigma, next)) : denoised;
    }
    return x;
  },
};
