import { ancestral } from "./ancestral.js";
import { blend3 } from "./blend.js";
import { brownianNoise } from "./noise.js";
import type { Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/**
 * SDE-DPM-Solver++ in two stages (Lu et al. 2022; k-diffusion): an ancestral step to the middle in log sigma, and one
 * over the whole step by the denoised latent found there, both with noise along one Brownian path.
 */
export const dpmppSde: Sampler = {
  noise: brownianNoise,
  run: stepping(({ denoise, noise }) => async ({ x, sigma, next, denoised }) => {
    const middle = middleOf(sigma, next);
    const half = ancestral(sigma, middle);
    const guess = blend3(half.down / sigma, x, 1 - half.down / sigma, denoised, half.up, noise(sigma, middle));
    const there = await denoise(guess, middle);
    const whole = ancestral(sigma, next);
    return blend3(whole.down / sigma, x, 1 - whole.down / sigma, there, whole.up, noise(sigma, next));
  }),
};

/**
 * The level in the middle in log sigma, rounded to float32 where torch rounds: it is a time on the Brownian path, where
 * a millionth more or less is another value.
 */
function middleOf(sigma: number, next: number): number {
  const { fround, log, exp } = Math;
  const from = fround(-log(sigma));
  const length = fround(fround(-log(next)) - from);
  return fround(exp(-fround(from + fround(length / 2))));
}
