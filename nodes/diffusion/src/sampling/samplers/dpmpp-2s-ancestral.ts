import { ancestral } from "./ancestral.js";
import { blend3, combine } from "./blend.js";
import { type Answer, type Ask, cfgPlusPlus, plain } from "./cfg-plus-plus.js";
import { eulerStep } from "./euler.js";
import { intervals, type Sampler } from "./sampler.js";

/** Where the step begins, once the model has been asked at its start and in its middle. */
type Begin = (x: Float32Array, here: Answer, there: Answer) => Float32Array;

const solving = (ask: Ask, begin: Begin): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const here = await ask(problem, x, sigma);
      const { from, denoised } = here;
      yield { index, sigma, x, denoised };
      const { down, up } = ancestral(sigma, next);
      if (down === 0) {
        x = denoised;
        continue;
      }
      const middle = Math.sqrt(sigma * down);
      const there = await ask(problem, eulerStep(from, denoised, sigma, middle), middle);
      const keep = down / sigma;
      x = blend3(keep, begin(x, here, there), 1 - keep, there.denoised, up, problem.noise(sigma, next));
    }
    return x;
  };

/**
 * DPM-Solver++(2S) (Lu et al. 2022, algorithm 1) to below the next level, by the denoised latent in the middle of the
 * way in log sigma; then fresh noise up to it.
 */
export const dpmpp2sAncestral: Sampler = { run: solving(plain, (x) => x) };

/** The same with CFG++; the answer without the prompt is in the end the one in the middle. */
export const dpmpp2sAncestralCfgPp: Sampler = {
  run: solving(cfgPlusPlus, (x, here, there) => combine([1, x], [1, here.denoised], [-1, there.uncond])),
  needsUncond: true,
};
