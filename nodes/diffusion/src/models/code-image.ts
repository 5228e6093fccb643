import { elements, type Tensor } from "@mezzotint/engine";
import { type Inference, machineMemory } from "@mezzotint/engine/onnx";
import type { Vae } from "./descriptions.js";
import { vaeDecoderSession, vaeEncoderSession } from "./sessions.js";

/** What a run may be told and tells. */
export interface CodingOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

/** The distribution of latents that an autoencoder sees in pictures. All [B,C,h,w]. */
export interface Posterior {
  readonly mean: Tensor;
  /** Logarithm of the variance, -30 to 20. */
  readonly logvar: Tensor;
}

/** Pixels a side; ComfyUI's own bound. */
const MAX_SIDE = 16384;

/** How many tensors of the widest layer live at once: input, output and what the convolution packs. */
const LIVE_TENSORS = 4;

/** Refuses pictures that would not fit into this machine's memory. */
function checkSize({ width: channels }: Vae, height: number, width: number): void {
  if (height > MAX_SIDE || width > MAX_SIDE)
    throw new Error(`a picture of ${width}×${height} pixels is too large: at most ${MAX_SIDE} a side are coded`);
  const bytes = height * width * channels * 4 * LIVE_TENSORS;
  const memory = machineMemory();
  if (bytes > memory)
    throw new Error(
      `a picture of ${width}×${height} pixels takes about ${gigabytes(bytes)} in this autoencoder, the machine has ${gigabytes(memory)}: use a smaller one`,
    );
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/**
 * Encodes pictures [B,H,W,≥3] of 0 to 1, one after the other. What is over a multiple of the latent cell's size is cut
 * off evenly at both sides, as ComfyUI does; channels beyond the third are ignored.
 */
export async function encodeImages(
  inference: Inference,
  vae: Vae,
  images: Tensor,
  { signal, progress }: CodingOptions = {},
): Promise<Posterior> {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.dims;
  const { factor } = vae.latent;
  if (images.dims.length !== 4 || channels < 3)
    throw new Error(`a picture must be [batch, height, width, 3 channels], this is [${images.dims.join(", ")}]`);
  if (batch === 0 || height < factor || width < factor)
    throw new Error(`${batch} pictures of ${width}×${height} pixels: each must have at least ${factor}×${factor}`);
  const area = { height: height - (height % factor), width: width - (width % factor) };
  checkSize(vae, area.height, area.width);
  const session = await vaeEncoderSession(vae);
  const parts: Posterior[] = [];
  for (let i = 0; i < batch; i++) {
    const { outputs } = await inference.run(session, { image: toPlanes(images, i, area) }, signal ? { signal } : {});
    parts.push({ mean: outputs.mean as Tensor, logvar: outputs.logvar as Tensor });
    progress?.(i + 1, batch);
  }
  return { mean: joined(parts.map(({ mean }) => mean)), logvar: joined(parts.map(({ logvar }) => logvar)) };
}

/** A draw from the posterior: mean + noise · deviation, for unit noise of the same shape. */
export function samplePosterior({ mean, logvar }: Posterior, noise: Float32Array): Tensor {
  if (noise.length !== mean.data.length)
    throw new Error(`${noise.length} numbers of noise for ${mean.data.length} latents`);
  return { dims: mean.dims, data: mean.data.map((m, i) => m + Math.exp((logvar.data[i] ?? 0) / 2) * (noise[i] ?? 0)) };
}

/** Decodes latents [B,C,h,w], not scaled, to pictures [B,H,W,3] of 0 to 1, one after the other. */
export async function decodeLatents(
  inference: Inference,
  vae: Vae,
  latents: Tensor,
  { signal, progress }: CodingOptions = {},
): Promise<Tensor> {
  const [batch = 0, channels = 0, height = 0, width = 0] = latents.dims;
  if (latents.dims.length !== 4 || channels !== vae.latent.channels || batch * height * width === 0)
    throw new Error(
      `latents of [${latents.dims.join(", ")}] do not fit this autoencoder, which decodes [batch, ${vae.latent.channels}, height, width]`,
    );
  checkSize(vae, height * vae.latent.factor, width * vae.latent.factor);
  const session = await vaeDecoderSession(vae);
  const size = channels * height * width;
  const images: Tensor[] = [];
  for (let i = 0; i < batch; i++) {
    const latent = { dims: [1, channels, height, width], data: latents.data.slice(i * size, (i + 1) * size) };
    const { outputs } = await inference.run(session, { latent }, signal ? { signal } : {});
    images.push(fromPlanes(outputs.image as Tensor));
    progress?.(i + 1, batch);
  }
  return joined(images);
}

/** One picture of [B,H,W,C] in 0 to 1, its middle cut out, as planes [1,3,H,W] in -1 to 1. */
function toPlanes({ dims, data }: Tensor, item: number, area: { height: number; width: number }): Tensor {
  const [, height = 0, width = 0, channels = 0] = dims;
  const top = (height - area.height) >> 1;
  const left = (width - area.width) >> 1;
  const plane = area.height * area.width;
  const planes = new Float32Array(3 * plane);
  for (let y = 0; y < area.height; y++)
    for (let x = 0; x < area.width; x++) {
      const from = ((item * height + top + y) * width + left + x) * channels;
      const to = y * area.width + x;
      for (let c = 0; c < 3; c++) planes[c * plane + to] = (data[from + c] ?? 0) * 2 - 1;
    }
  return { dims: [1, 3, area.height, area.width], data: planes };
}

/** Planes [1,3,H,W] in about -1 to 1 as a picture [1,H,W,3] in 0 to 1. */
function fromPlanes({ dims, data }: Tensor): Tensor {
  const [, channels = 0, height = 0, width = 0] = dims;
  const plane = height * width;
  const pixels = new Float32Array(data.length);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++)
      pixels[i * channels + c] = Math.min(1, Math.max(0, ((data[c * plane + i] ?? 0) + 1) / 2));
  return { dims: [1, height, width, channels], data: pixels };
}

/** Tensors of one shape, one after the other along the batch. */
function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? { dims: [0], data: new Float32Array() };
  const size = elements(first.dims);
  const data = new Float32Array(size * parts.length);
  for (const [i, part] of parts.entries()) data.set(part.data, i * size);
  return { dims: [parts.length, ...first.dims.slice(1)], data };
}
