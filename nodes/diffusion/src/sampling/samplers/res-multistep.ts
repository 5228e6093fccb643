import { type Ancestral, ancestral, deterministic } from "./ancestral.js";
import { combine } from "./blend.js";
import { type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { intervals, type Sampler } from "./sampler.js";

/** Where a step's end lies: at the next level, or below it with noise to follow. */
type Split = (sigma: number, next: number) => Ancestral;

const solving = (split: Split, ask: Ask): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    let last: { uncond: Float32Array; length: number } | undefined;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const { from, denoised, uncond } = await ask(problem, x, sigma);
      yield { index, sigma, x, denoised };
      const { down, up } = split(sigma, next);
      const fresh = up === 0 ? [] : ([[up, problem.noise(sigma, next)]] as const);
      const keep = down / sigma;
      const length = Math.log(sigma / down);
      if (last === undefined || down === 0) {
        x = combine([keep, from], [1 - keep, denoised], ...fresh);
      } else {
        // The answers are taken to change evenly in log sigma, as they did over the last step.
        const ahead = (1 - (1 - keep) / length) * (length / last.length);
        x = combine([keep, from], [1 - keep + ahead, uncond], [-ahead, last.uncond], ...fresh);
      }
      last = { uncond, length };
    }
    return x;
  };

/** RES, second order in two steps (Zhang et al. 2023, "Improved order analysis and design of exponential integrators"). */
export const resMultistep: Sampler = { run: solving(deterministic, plain) };

/** The same with CFG++; after the first step it goes by what the model says without the prompt. */
export const resMultistepCfgPp: Sampler = { run: solving(deterministic, cfgPlusPlus), needsUncond: true };

/** RES to below the next level, then fresh noise up to it. */
export const resMultistepAncestral: Sampler = { run: solving(ancestral, plain) };

/** The same with CFG++. */
export const resMultistepAncestralCfgPp: Sampler = { run: solving(ancestral, cfgPlusPlus), needsUncond: true };
