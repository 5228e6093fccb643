import type { Image } from "@mezzotint/nodes-core";
import { newTensor } from "@mezzotint/nodes-core";
import type { Family, LatentColours, Model } from "../models/descriptions.js";

/** Factors for pictures of -1 to 1, as factors and bias for pictures of 0 to 1. */
const signed = (...factors: LatentColours["factors"]): LatentColours => ({
  factors: factors.map(([r, g, b]) => [r / 2, g / 2, b / 2]),
  bias: [0.5, 0.5, 0.5],
});

/** Factors and bias for pictures of 0 to 255. */
const bytes = (factors: LatentColours["factors"], [r, g, b]: LatentColours["bias"]): LatentColours => ({
  factors: factors.map(([red, green, blue]) => [red / 255, green / 255, blue / 255]),
  bias: [r / 255, g / 255, b / 255],
});

/** Stable Diffusion 1 and 2: InvokeAI (Apache-2.0), `invokeai/app/util/step_callback.py`, SD1_5_LATENT_RGB_FACTORS. */
const SD1 = signed(
  [0.3444, 0.1385, 0.067],
  [0.1247, 0.4027, 0.1494],
  [-0.3192, 0.2513, 0.2103],
  [-0.1307, -0.1874, -0.7445],
);

/** SDXL: diffusers (Apache-2.0), `docs/source/en/using-diffusers/callback.md`, `latents_to_rgb`. */
const SDXL = bytes(
  [
    [60, 60, 60],
    [-60, -5, 10],
    [25, 15, -5],
    [-70, -50, -35],
  ],
  [150, 140, 130],
);

const FAMILIES: Readonly<Record<Family, LatentColours>> = { sd1: SD1, sd2: SD1, sdxl: SDXL, "sdxl-refiner": SDXL };

/** A latent space that nobody measured: the mean of its channels, in grey. */
const greys = (channels: number): LatentColours => ({
  factors: Array.from({ length: channels }, () => [0.25 / channels, 0.25 / channels, 0.25 / channels] as const),
  bias: [0.5, 0.5, 0.5],
});

/** The colours of a model's latents: its own, or its family's. */
export function coloursOf({ family, latent }: Pick<Model, "family" | "latent">): LatentColours {
  const colours = latent.colours ?? FAMILIES[family];
  return colours.factors.length === latent.channels ? colours : greys(latent.channels);
}

/** A picture [1,h,w,3] of 0 to 1 with a pixel for each cell of the first of some latents [B,C,h,w], scaled as the UNet's. */
export function colourCells(latents: Float32Array, dims: readonly number[], { factors, bias }: LatentColours): Image {
  const [, , height = 0, width = 0] = dims;
  const cells = height * width;
  const picture = newTensor(1, height, width, 3);
  for (let cell = 0; cell < cells; cell++)
    for (const c of [0, 1, 2] as const) {
      let value = bias[c];
      for (const [channel, factor] of factors.entries()) value += factor[c] * (latents[channel * cells + cell] ?? 0);
      // What is not a number is drawn black: a preview is no reason for a run to fail.
      picture.data[cell * 3 + c] = value > 0 ? Math.min(1, value) : 0;
    }
  return picture;
}
