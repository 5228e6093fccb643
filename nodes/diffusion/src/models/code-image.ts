import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import { newTensor } from "@mezzotint/nodes-core";
import { decoderOf, encoderOf, type Posterior } from "./coder.js";
import type { Vae } from "./descriptions.js";
import { batched, itemOf, putPicture, toPlanes } from "./picture-planes.js";
import { planTiles, type Tiles } from "./tile-plan.js";
import { codeInTiles, type TileShape } from "./tiles.js";

/** What a run may be told and tells. */
export interface CodingOptions {
  readonly signal?: AbortSignal;
  /** Called after each picture, or each tile. */
  readonly progress?: (done: number, total: number) => void;
  /** To code in tiles, which bounds the memory that it takes. A picture that would not fit whole is cut anyway. */
  readonly tiles?: Tiles;
}

/** The tiles of pictures that do not fit whole: ComfyUI's when it runs out of memory. */
const OTHERWISE = { encode: { side: 512, overlap: 64 }, decode: { side: 512, overlap: 128 } } as const;

/**
 * Encodes pictures [B,H,W,≥3] of 0 to 1, one after the other. What is over a multiple of the latent cell's size is cut
 * off evenly at both sides, as ComfyUI does; channels beyond the third are ignored.
 */
export async function encodeImages(
  inference: Inference,
  vae: Vae,
  images: Tensor,
  { signal, progress, tiles }: CodingOptions = {},
): Promise<Posterior> {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.dims;
  const { factor } = vae.latent;
  if (images.dims.length !== 4 || channels < 3)
    throw new Error(`a picture must be [batch, height, width, 3 channels], this is [${images.dims.join(", ")}]`);
  if (batch === 0 || height < factor || width < factor)
    throw new Error(`${batch} pictures of ${width}×${height} pixels: each must have at least ${factor}×${factor}`);
  const area = { height: height - (height % factor), width: width - (width % factor) };
  const { shapes, runs } = planTiles(vae, area, tiles, OTHERWISE.encode);
  const encoder = await encoderOf(inference, vae, signal);
  let done = 0;
  const encode = async (planes: Tensor): Promise<Posterior> => {
    const posterior = await encoder(planes);
    progress?.(++done, batch * runs);
    return posterior;
  };
  const work = {
    ratio: 1 / factor,
    channels: vae.latent.channels,
    code: async (tile: Tensor) => (await encode(tile)).mean,
  };
  const posteriors: Posterior[] = [];
  for (let i = 0; i < batch; i++) {
    const planes = toPlanes(images, i, area);
    posteriors.push(shapes.length > 0 ? { mean: await codeInTiles(planes, shapes, work) } : await encode(planes));
  }
  const logvars = posteriors.flatMap(({ logvar }) => logvar ?? []);
  return {
    mean: batched(posteriors.map(({ mean }) => mean)),
    ...(logvars.length > 0 ? { logvar: batched(logvars) } : {}),
  };
}

/** A draw from the posterior: mean + noise · deviation, for unit noise of its shape; the mean where it has no spread. */
export function samplePosterior({ mean, logvar }: Posterior, noise: Float32Array): Tensor {
  if (noise.length !== mean.data.length)
    throw new Error(`${noise.length} numbers of noise for ${mean.data.length} latents`);
  if (!logvar) return mean;
  return { dims: mean.dims, data: mean.data.map((m, i) => m + Math.exp((logvar.data[i] ?? 0) / 2) * (noise[i] ?? 0)) };
}

/** Decodes latents [B,C,h,w], not scaled, to pictures [B,H,W,3] of 0 to 1, one after the other. */
export async function decodeLatents(
  inference: Inference,
  vae: Vae,
  latents: Tensor,
  { signal, progress, tiles }: CodingOptions = {},
): Promise<Tensor> {
  const [batch = 0, channels = 0, height = 0, width = 0] = latents.dims;
  const { factor } = vae.latent;
  if (latents.dims.length !== 4 || channels !== vae.latent.channels || batch * height * width === 0)
    throw new Error(
      `latents of [${latents.dims.join(", ")}] do not fit this autoencoder, which decodes [batch, ${vae.latent.channels}, height, width]: it must be the VAE of the model that made them, or of its family`,
    );
  const size = { height: height * factor, width: width * factor };
  const { shapes, runs } = planTiles(vae, size, tiles, OTHERWISE.decode);
  const pictures = newTensor(batch, size.height, size.width, 3);
  const decoder = await decoderOf(inference, vae, signal);
  let done = 0;
  const decode = async (latent: Tensor): Promise<Tensor> => {
    const planes = await decoder(latent);
    progress?.(++done, batch * runs);
    return planes;
  };
  const work = { ratio: factor, channels: 3, code: decode };
  const cells = shapes.map((shape) => inCells(shape, factor));
  for (let i = 0; i < batch; i++) {
    const latent = itemOf(latents, i);
    putPicture(pictures, i, cells.length > 0 ? await codeInTiles(latent, cells, work) : await decode(latent));
  }
  return pictures;
}

const inCells = ({ height, width, overlap }: TileShape, factor: number): TileShape => ({
  height: height / factor,
  width: width / factor,
  overlap: overlap / factor,
});
