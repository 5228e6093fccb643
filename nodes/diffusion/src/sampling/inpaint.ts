import { elements, type Tensor } from "@mezzotint/engine";
import { resizePlanes } from "@mezzotint/nodes-core";
import type { SampleProblem } from "./samplers/sampler.js";

/** What a masked run keeps of a latent, all element by element like the latent that is sampled. */
export interface Kept {
  readonly latent: Float32Array;
  /** 1 where the latent is made anew, 0 where it is kept, a mixture in between. */
  readonly mask: Float32Array;
  /** Unit noise that the kept part shows to the model. */
  readonly noise: Float32Array;
}

/**
 * A model that only ever sees the kept part as it is, at the noise level it is asked about, and that finds it there
 * again under the noise. Any sampler then ends with the kept part untouched.
 */
export const keeping =
  (denoise: SampleProblem["denoise"], kept: Kept): SampleProblem["denoise"] =>
  async (x, sigma) =>
    restored(kept, await denoise(shown(kept, x, sigma), sigma));

/** The same for a model that also answers without the prompt. That answer stays as the model gives it. */
export const keepingBoth =
  (denoiseBoth: SampleProblem["denoiseBoth"], kept: Kept): SampleProblem["denoiseBoth"] =>
  async (x, sigma) => {
    const { denoised, uncond } = await denoiseBoth(shown(kept, x, sigma), sigma);
    return { denoised: restored(kept, denoised), uncond };
  };

const shown = ({ latent, mask, noise }: Kept, x: Float32Array, sigma: number): Float32Array =>
  x.map((value, i) => value * mask[i]! + (latent[i]! + sigma * noise[i]!) * (1 - mask[i]!));

const restored = ({ latent, mask }: Kept, denoised: Float32Array): Float32Array =>
  denoised.map((value, i) => value * mask[i]! + latent[i]! * (1 - mask[i]!));

/**
 * A mask for every element of a latent [batch, channels, height, width], from one of any size [batch or 1, height,
 * width]: resized bilinearly, the same for each channel, and repeated if the batch is larger.
 */
export function expandMask({ dims, data }: Tensor, latent: readonly number[]): Float32Array {
  const [maskHeight = 0, maskWidth = 0] = dims.slice(-2);
  const items = elements(dims.slice(0, -2));
  const [batch = 0, channels = 0, height = 0, width = 0] = latent;
  const planes = resizePlanes({ dims: [items, 1, maskHeight, maskWidth], data }, width, height, "bilinear");
  const size = height * width;
  const out = new Float32Array(elements(latent));
  for (let plane = 0; plane < batch * channels; plane++) {
    const item = Math.floor(plane / channels) % items;
    out.set(planes.data.subarray(item * size, (item + 1) * size), plane * size);
  }
  return out;
}
