import { socket, type Tensor } from "@mezzotint/engine";
import type { Clip, Model, Vae } from "./models/descriptions.js";

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

/** One text condition. Further keys (area, mask, timestep range, control) join with the nodes that set them. */
export interface Condition {
  /** The text encoder's hidden states, float32 [batch, tokens, width]. */
  readonly tokens: Tensor;
  /** The pooled text, float32 [batch, width]. */
  readonly pooled?: Tensor;
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
