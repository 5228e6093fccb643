import type { Vae } from "./descriptions.js";

/** No autoencoder at all, for models that denoise pixels: latents are pictures from -1 to 1, a cell for each pixel. */
export const PIXEL_SPACE: Vae = {
  kind: "vae",
  architecture: "pixels",
  weights: { files: [], layout: "diffusers", prefix: "", identity: "pixel_space" },
  config: { groups: 0 },
  latent: { channels: 3, factor: 1, scale: 1 },
  width: 3,
};
