import { blend } from "./blend.js";
import { type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { intervals, type Sampler } from "./sampler.js";

const asking = (ask: Ask): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const { from, denoised } = await ask(problem, x, sigma);
      yield { index, sigma, x, denoised };
      x = eulerStep(from, denoised, sigma, next);
    }
    return x;
  };

/** Along the slope (x - denoised) / sigma to the next level: in part to the denoised latent, or all the way at 0. */
export const eulerStep = (x: Float32Array, denoised: Float32Array, sigma: number, next: number): Float32Array =>
  blend(next / sigma, x, 1 - next / sigma, denoised);

/** Euler's method on the probability-flow ODE (Karras et al. 2022, algorithm 2 without churn). First order. */
export const euler: Sampler = { run: asking(plain) };

/** DDIM without added noise (Song et al. 2021), which in sigma is Euler's method. */
export const ddim: Sampler = { ...euler, freshMaskNoise: true };

/** Euler's method with CFG++. */
export const eulerCfgPp: Sampler = { run: asking(cfgPlusPlus), needsUncond: true };
