import { basename, dirname } from "node:path";
import { describeTinyVae, isTinyVae } from "./describe.js";
import type { Vae } from "./descriptions.js";
import { readParts } from "./parts.js";

/** How a model family's latents become those that its UNet sees, and its tiny autoencoder knows. */
interface TinyLatent {
  readonly scale: number;
  readonly shift?: number;
}

/**
 * The published tiny autoencoders by the names that ComfyUI gives them. Each is two files in `models/vae_approx`:
 * `<name>_encoder.safetensors` and `<name>_decoder.safetensors`. Scales and shifts are those of each family's own
 * autoencoder (`scaling_factor` and `shift_factor` of its diffusers configuration).
 */
const TINY: Readonly<Record<string, TinyLatent>> = {
  taesd: { scale: 0.18215 },
  taesdxl: { scale: 0.13025 },
  taesd3: { scale: 1.5305, shift: 0.0609 },
  taef1: { scale: 0.3611, shift: 0.1159 },
};

/** The names of the published tiny autoencoders. */
export const TINY_VAES: readonly string[] = Object.keys(TINY);

/** What a lone tiny autoencoder's file or folder says of its family; Stable Diffusion 1's if it says nothing. */
export function tinyLatent(path: string): TinyLatent {
  const name = `${basename(dirname(path))}/${basename(path)}`.toLowerCase();
  const known = TINY_VAES.toReversed().find((one) => name.includes(one));
  return TINY[known ?? "taesd"] as TinyLatent;
}

/** Opens the files of a tiny autoencoder, both halves or one, which share the names of their keys. */
export async function openTinyVae(files: readonly string[], name: string): Promise<Vae> {
  const latent = Object.hasOwn(TINY, name) ? (TINY[name] as TinyLatent) : tinyLatent(files[0] ?? "");
  const { parts } = await readParts(files, "vae");
  const part = parts.find(({ kind }) => kind === "vae");
  if (!part || !isTinyVae(part.tensors)) throw new Error(`${files.join(" and ")}: this is no tiny autoencoder`);
  return describeTinyVae(part.tensors, part.source, latent);
}
