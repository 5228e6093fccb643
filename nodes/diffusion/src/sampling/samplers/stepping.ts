import { intervals, type SampleProblem, type Sampler } from "./sampler.js";

/** Where a step starts: the latent, what the model takes it to be, and the levels from and to which it goes. */
export interface StepStart {
  readonly index: number;
  readonly sigma: number;
  /** Above 0. */
  readonly next: number;
  readonly x: Float32Array;
  readonly denoised: Float32Array;
}

/** The latent at the end of a step. */
export type Step = (start: StepStart) => Float32Array | Promise<Float32Array>;

/**
 * Goes through the levels by `step`, and to 0 by the denoised latent itself. `begin` is called once a run, so that a
 * multistep method can keep what it has seen.
 */
export const stepping = (begin: (problem: SampleProblem) => Step): Sampler["run"] =>
  async function* (problem) {
    let { x } = problem;
    const step = begin(problem);
    for (const { index, sigma, next } of intervals(problem.sigmas)) {
      const denoised = await problem.denoise(x, sigma);
      yield { index, sigma, x, denoised };
      x = next === 0 ? denoised : await step({ index, sigma, next, x, denoised });
    }
    return x;
  };
