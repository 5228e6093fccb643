import { socket, type Tensor } from "@mezzotint/engine";
import type { Clip, Model, Vae } from "./models/descriptions.js";
import type { Sampler } from "./sampling/samplers/sampler.js";

/** Latents: `samples` float32 [batch, channels, height, width] as the VAE gives them (not scaled for the UNet). */
export interface Latent {
  readonly samples: Tensor;
  /** float32 [batch or 1, height, width] in pixels or latent cells, 0 to 1; 1 is denoised, 0 kept. */
  readonly noise_mask?: Tensor;
  /** Which draws of the seed's noise each item takes; absent: 0, 1, 2, … */
  readonly batch_index?: readonly number[];
}
/** See `Latent`. */
export const LATENT = socket<Latent>("LATENT");

/** A part of a picture, in latent cells or (`relative`) in parts of its height and width, 0 to 1. */
export interface Area {
  readonly height: number;
  readonly width: number;
  readonly y: number;
  readonly x: number;
  readonly relative?: boolean;
}

/** One text condition, and where, when and how much it counts. Further keys (control) join with the nodes that set them. */
export interface Condition {
  /** The text encoder's hidden states, float32 [batch, tokens, width]. */
  readonly tokens: Tensor;
  /** The pooled text, float32 [batch, width]. */
  readonly pooled?: Tensor;
  /** What it weighs against others where they overlap, 0 to 10; absent: 1. */
  readonly strength?: number;
  /** Where it holds; absent: everywhere. */
  readonly area?: Area;
  /** Where it holds, by degrees. `bounds`: the network is shown only the rectangle around what the mask selects. */
  readonly mask?: { readonly pixels: Tensor; readonly strength: number; readonly bounds: boolean };
  /** When it holds: parts of the model's training steps sampled through, 0 (noise) to 1 (picture). Absent: always. */
  readonly range?: { readonly start: number; readonly end: number };
  /**
   * What an inpainting UNet is shown beside the latent: the masked picture's latent [B,C,h,w] (as the VAE gives it) and
   * the mask [B,H,W], 1 where the picture is made anew.
   */
  readonly inpaint?: { readonly latent: Tensor; readonly mask: Tensor };
}
/** What steers a picture: conditions whose answers are averaged. */
export type Conditioning = readonly Condition[];
/** See `Conditioning`. */
export const CONDITIONING = socket<Conditioning>("CONDITIONING");

/** A denoising UNet, described. */
export const MODEL = socket<Model>("MODEL");
/** Text encoders, described. */
export const CLIP = socket<Clip>("CLIP");
/** An autoencoder, described. */
export const VAE = socket<Vae>("VAE");

/** A sampler under its name. Local: samplers are functions, a pack's own as well as ours. */
export interface NamedSampler {
  readonly name: string;
  readonly sampler: Sampler;
}
/** See `NamedSampler`. */
export const SAMPLER = socket<NamedSampler>("SAMPLER", { local: true });

/** Noise levels, falling, float32 [steps + 1]; the last is usually 0. */
export const SIGMAS = socket<Tensor>("SIGMAS");

/** The noise that a run starts from: a seed's, or none. */
export type Noise = { readonly kind: "seed"; readonly seed: bigint } | { readonly kind: "none" };
/** See `Noise`. */
export const NOISE = socket<Noise>("NOISE");

/** A model and what steers it. Without a negative conditioning there is no guidance. */
export interface Guider {
  readonly model: Model;
  readonly positive: Conditioning;
  readonly negative?: Conditioning;
  /** Strength of classifier-free guidance; 1 leaves the negative conditioning out. */
  readonly cfg: number;
}
/** See `Guider`. */
export const GUIDER = socket<Guider>("GUIDER");
