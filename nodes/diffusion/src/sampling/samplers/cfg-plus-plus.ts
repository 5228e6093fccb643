import { combine } from "./blend.js";
import type { SampleProblem } from "./sampler.js";

/** What a model says of a latent, and where the step begins. */
export interface Answer {
  readonly from: Float32Array;
  readonly denoised: Float32Array;
  /** The answer without the prompt where that is asked for, else the same as `denoised`. */
  readonly uncond: Float32Array;
}

/** How a sampler asks the model about its latent. */
export type Ask = (
  problem: Pick<SampleProblem, "denoise" | "denoiseBoth">,
  x: Float32Array,
  sigma: number,
) => Promise<Answer>;

/** As samplers do: the step begins at the latent. */
export const plain: Ask = async ({ denoise }, x, sigma) => {
  const denoised = await denoise(x, sigma);
  return { from: x, denoised, uncond: denoised };
};

/**
 * CFG++ (Chung et al. 2024): the step begins at the guided latent under the noise that the model sees without the
 * prompt. Guidance then doesn't leave the paths that lead to pictures, and small scales (about 1 to 2) suffice. The
 * sampler must say `needsUncond`.
 */
export const cfgPlusPlus: Ask = async ({ denoiseBoth }, x, sigma) => {
  const { denoised, uncond } = await denoiseBoth(x, sigma);
  return { from: combine([1, x], [1, denoised], [-1, uncond]), denoised, uncond };
};
