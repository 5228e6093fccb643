import { elements, type Tensor } from "@mezzotint/engine";
import { resizePlanes, roundHalfEven } from "@mezzotint/nodes-core";
import type { LatentSpace } from "../models/descriptions.js";
import type { Condition } from "../sockets.js";
import { resizeMask, rounded } from "./mask-planes.js";

/** A noise mask at the latents' size, channel by channel, and the latents it keeps a part of, scaled for the UNet. */
export interface Masked {
  readonly mask: Float32Array;
  readonly latent: Float32Array;
}

/** A picture of zeros in the latent space of Stable Diffusion 1, where each cell of it is much the same. */
const BLANK = [0.8223, -0.6876, 0.6364, 0.138];

/**
 * What an inpainting UNet is shown beside latents of these dims: [batch, 1 + channels, height, width], the mask, all or
 * nothing in each cell, then the masked picture. A condition brings both; without, the run's noise mask and the latents
 * that it starts from serve; without these, everything is masked and the picture is blank (as in ComfyUI).
 */
export function inpaintInput(
  told: Condition["inpaint"],
  run: Masked | undefined,
  dims: readonly number[],
  { channels, scale }: LatentSpace,
): Tensor {
  const [batch = 0, , height = 0, width = 0] = dims;
  const cells = height * width;
  const out = { dims: [batch, 1 + channels, height, width], data: new Float32Array(batch * (1 + channels) * cells) };
  const put = (item: number, channel: number, values: Float32Array): void =>
    out.data.set(values, (item * (1 + channels) + channel) * cells);
  if (told) {
    const mask = resizeMask(told.mask, width, height, "center");
    const latent = fitted(told.latent, dims);
    for (let item = 0; item < batch; item++) {
      put(item, 0, plane(mask.data, spread(item, mask.dims[0]!, batch), cells).map(rounded));
      const from = spread(item, latent.dims[0]!, batch) * channels;
      for (let c = 0; c < channels; c++)
        put(
          item,
          1 + c,
          plane(latent.data, from + c, cells).map((v) => v * scale),
        );
    }
    return out;
  }
  for (let item = 0; item < batch; item++) {
    for (let c = 0; c < channels; c++) {
      const at = item * channels + c;
      if (c === 0) put(item, 0, run ? plane(run.mask, at, cells).map(rounded) : new Float32Array(cells).fill(1));
      put(item, 1 + c, run ? plane(run.latent, at, cells) : new Float32Array(cells).fill(BLANK[c] ?? 0));
    }
  }
  return out;
}

const plane = (data: Float32Array, index: number, cells: number): Float32Array =>
  data.subarray(index * cells, (index + 1) * cells);

/** Which of `count` pictures an item of a batch takes: spread over them evenly, each as often as the next. */
export function spread(item: number, count: number, batch: number): number {
  if (count === batch || batch <= 1) return item;
  if (count < batch) return Math.min(Math.floor(((item + 0.5) * count) / batch), count - 1);
  return Math.min(roundHalfEven((item * (count - 1)) / (batch - 1)), count - 1);
}

function fitted(latent: Tensor, [, channels, height = 0, width = 0]: readonly number[]): Tensor {
  if (latent.dims.length !== 4 || latent.dims[1] !== channels || elements(latent.dims) !== latent.data.length) {
    throw new Error(
      `the masked picture is a latent of [${latent.dims}] and the model works with [batch, ${channels}, height, width]: encode it with the model's own VAE`,
    );
  }
  if (latent.dims[2] === height && latent.dims[3] === width) return latent;
  return resizePlanes(latent, width, height, "bilinear", "center");
}
