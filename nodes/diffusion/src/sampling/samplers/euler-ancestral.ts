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

/** Splits a step into a level to go down to and the noise that leads back up: down² + up² = next². */
function ancestral(sigma: number, next: number): { down: number; up: number } {
  const up = Math.min(next, Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2));
  return { down: Math.sqrt(next ** 2 - up ** 2), up };
}
