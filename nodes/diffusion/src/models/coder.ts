import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import type { Vae } from "./descriptions.js";
import { vaeDecoderSession, vaeEncoderSession } from "./sessions.js";

/** The distribution of latents that an autoencoder sees in pictures. All [B,C,h,w]. */
export interface Posterior {
  readonly mean: Tensor;
  /** Logarithm of the variance, -30 to 20. Absent when it was coded in tiles, or by an autoencoder that has none. */
  readonly logvar?: Tensor;
}

/** Codes one item: planes [1,C,H,W]. */
export type Coder<T> = (planes: Tensor) => Promise<T>;

/** What encodes planes in -1 to 1 to latents that are not scaled. */
export async function encoderOf(inference: Inference, vae: Vae, signal?: AbortSignal): Promise<Coder<Posterior>> {
  if (vae.architecture === "pixels") return async (mean) => ({ mean });
  const session = await vaeEncoderSession(vae);
  return async (image) => {
    const { outputs } = await inference.run(session, { image }, signal ? { signal } : {});
    const { mean, logvar } = outputs as { mean: Tensor; logvar?: Tensor };
    if (vae.architecture === "tiny") return { mean: unscaled(vae, mean) };
    return { mean, ...(logvar ? { logvar } : {}) };
  };
}

/** What decodes latents that are not scaled to planes in about -1 to 1. */
export async function decoderOf(inference: Inference, vae: Vae, signal?: AbortSignal): Promise<Coder<Tensor>> {
  if (vae.architecture === "pixels") return async (image) => image;
  const session = await vaeDecoderSession(vae);
  return async (given) => {
    const latent = vae.architecture === "tiny" ? scaled(vae, given) : given;
    const { outputs } = await inference.run(session, { latent }, signal ? { signal } : {});
    return outputs.image as Tensor;
  };
}

/** Latents as the UNet sees them: tiny autoencoders know no others. */
const scaled = ({ latent: { scale, shift = 0 } }: Vae, { dims, data }: Tensor): Tensor => ({
  dims,
  data: data.map((x) => (x - shift) * scale),
});

const unscaled = ({ latent: { scale, shift = 0 } }: Vae, { dims, data }: Tensor): Tensor => ({
  dims,
  data: data.map((x) => x / scale + shift),
});
