import type { Tensor } from "@mezzotint/engine";
import { resizeMask } from "./mask-planes.js";
import type { SampleProblem } from "./samplers/sampler.js";

/** What a masked run keeps of a latent, all element by element like the latent that is sampled. */
export interface Kept {
  readonly latent: Float32Array;
  /** 1 where the latent is made anew, 0 where it is kept, a mixture in between. */
  readonly mask: Float32Array;
  /** The mask at a noise level, where it changes from one to the next; absent: it does not. */
  readonly maskAt?: (sigma: number) => Float32Array;
  /** Unit noise that the kept part shows to the model. */
  readonly noise: Float32Array;
}

/**
 * A model that only ever sees the kept part as it is, at the noise level it is asked about, and that finds it there
 * again under the noise. Any sampler then ends with the kept part untouched.
 */
export const keeping =
  (denoise: SampleProblem["denoise"], kept: Kept): SampleProblem["denoise"] =>
  async (x, sigma) => {
    const mask = maskOf(kept, sigma);
    return restored(kept, mask, await denoise(shown(kept, mask, x, sigma), sigma));
  };

/** The same for a model that also answers without the prompt. That answer stays as the model gives it. */
export const keepingBoth =
  (denoiseBoth: SampleProblem["denoiseBoth"], kept: Kept): SampleProblem["denoiseBoth"] =>
  async (x, sigma) => {
    const mask = maskOf(kept, sigma);
    const { denoised, uncond } = await denoiseBoth(shown(kept, mask, x, sigma), sigma);
    return { denoised: restored(kept, mask, denoised), uncond };
  };

const maskOf = ({ mask, maskAt }: Kept, sigma: number): Float32Array => maskAt?.(sigma) ?? mask;

const shown = ({ latent, noise }: Kept, mask: Float32Array, x: Float32Array, sigma: number): Float32Array =>
  x.map((value, i) => value * mask[i]! + (latent[i]! + sigma * noise[i]!) * (1 - mask[i]!));

const restored = ({ latent }: Kept, mask: Float32Array, denoised: Float32Array): Float32Array =>
  denoised.map((value, i) => value * mask[i]! + latent[i]! * (1 - mask[i]!));

/**
 * A mask for every element of a latent [batch, channels, height, width], from one of any size [batch or 1, height,
 * width]: resized bilinearly, the same for each channel, and repeated if the batch is larger.
 */
export function expandMask(mask: Tensor, latent: readonly number[]): Float32Array {
  const [batch = 0, channels = 0, height = 0, width = 0] = latent;
  const planes = resizeMask(mask, width, height);
  const items = planes.dims[0]!;
  const size = height * width;
  const out = new Float32Array(batch * channels * size);
  for (let plane = 0; plane < batch * channels; plane++) {
    const item = Math.floor(plane / channels) % items;
    out.set(planes.data.subarray(item * size, (item + 1) * size), plane * size);
  }
  return out;
}
