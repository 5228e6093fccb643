import { ancestral } from "./ancestral.js";
import { blend3 } from "./blend.js";
import { type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { intervals, type Sampler } from "./sampler.js";

const asking = (ask: Ask): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const { from, denoised } = await ask(problem, x, sigma);
      yield { index, sigma, x, denoised };
      const { down, up } = ancestral(sigma, next);
      const keep = down / sigma;
      x = down === 0 ? denoised : blend3(keep, from, 1 - keep, denoised, up, problem.noise(sigma, next));
    }
    return x;
  };

/** Euler to below the next level, then fresh noise up to it. */
export const eulerAncestral: Sampler = { run: asking(plain) };

/** The same with CFG++. */
export const eulerAncestralCfgPp: Sampler = { run: asking(cfgPlusPlus), needsUncond: true };

/** Draws from the posterior of the level before (Ho et al. 2020, algorithm 2), which in sigma is the same step. */
export const ddpm: Sampler = { run: asking(plain) };
