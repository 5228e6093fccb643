import { blend, blend3 } from "./blend.js";
import { type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { intervals, type Sampler } from "./sampler.js";

const asking = (ask: Ask): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    let last: { uncond: Float32Array; length: number } | undefined;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const { from, denoised, uncond } = await ask(problem, x, sigma);
      yield { index, sigma, x, denoised };
      const length = Math.log(sigma / next);
      const keep = next / sigma;
      if (last === undefined || next === 0) {
        x = blend(keep, from, 1 - keep, denoised);
      } else {
        // Extrapolated to the middle of the step by what the model said at its last two points.
        const ahead = length / (2 * last.length);
        x = blend3(keep, from, (1 - keep) * (1 + ahead), denoised, -(1 - keep) * ahead, last.uncond);
      }
      last = { uncond, length };
    }
    return x;
  };

/** DPM-Solver++(2M): two-step in log sigma, one model call a step (Lu et al. 2022, algorithm 2). Second order. */
export const dpmpp2m: Sampler = { run: asking(plain) };

/** The same with CFG++; it extrapolates from what the model said without the prompt. */
export const dpmpp2mCfgPp: Sampler = { run: asking(cfgPlusPlus), needsUncond: true };
