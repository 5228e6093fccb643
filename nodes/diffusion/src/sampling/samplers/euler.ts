import { blend } from "./blend.js";
import { intervals, type SampleProblem, type Sampler, type SampleStep } from "./sampler.js";

async function* run({ x, sigmas, denoise }: SampleProblem): AsyncGenerator<SampleStep, Float32Array> {
  for (const { index, sigma, next } of intervals(sigmas)) {
    const denoised = await denoise(x, sigma);
    yield { index, sigma, x, denoised };
    x = eulerStep(x, denoised, sigma, next);
  }
  return x;
}

/** Along the slope (x - denoised) / sigma to the next level: in part to the denoised latent, or all the way at 0. */
export const eulerStep = (x: Float32Array, denoised: Float32Array, sigma: number, next: number): Float32Array =>
  blend(next / sigma, x, 1 - next / sigma, denoised);

/** Euler's method on the probability-flow ODE (Karras et al. 2022, algorithm 2 without churn). First order. */
export const euler: Sampler = { run };

/** DDIM without added noise (Song et al. 2021), which in sigma is Euler's method. */
export const ddim: Sampler = { run, freshMaskNoise: true };
