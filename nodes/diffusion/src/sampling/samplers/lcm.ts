import { blend } from "./blend.js";
import type { Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/** All the way to the denoised latent, and back up with fresh noise: for consistency models (Luo et al. 2023). */
export const lcm: Sampler = {
  run: stepping(
    ({ noise }) =>
      ({ sigma, next, denoised }) =>
        blend(1, denoised, next, noise(sigma, next)),
  ),
};
