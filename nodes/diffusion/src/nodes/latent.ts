import { choice, defineNode, float, int, link } from "@mezzotint/engine";
import { CROPS, LATENT_RESIZE_METHODS, newTensor, planeDims, resizePlanes, roundHalfEven } from "@mezzotint/nodes-core";
import { LATENT } from "../sockets.js";

/** Pixels to a cell of a latent. The class fixes it, whatever the model's autoencoder does. */
export const CELL = 8;

/** ComfyUI's EmptyLatentImage. */
export const emptyLatentImage = defineNode({
  id: "EmptyLatentImage",
  title: "Empty Latent Image",
  category: "latent",
  doc: "Makes a batch of empty latents, for pictures that start from nothing but noise.",
  inputs: {
    width: int({ default: 512, min: 16, max: 16_384, step: 8, tooltip: "Width of the pictures in pixels." }),
    height: int({ default: 512, min: 16, max: 16_384, step: 8, tooltip: "Height of the pictures in pixels." }),
    batch_size: int({ default: 1, min: 1, max: 4096, tooltip: "How many pictures." }),
  },
  outputs: { LATENT },
  run: ({ width, height, batch_size }) => ({
    LATENT: { samples: newTensor(batch_size, 4, Math.floor(height / CELL), Math.floor(width / CELL)) },
  }),
});

/** ComfyUI's LatentUpscale. */
export const latentUpscale = defineNode({
  id: "LatentUpscale",
  title: "Upscale Latent",
  category: "latent",
  doc: "Resizes latents. A width or height of 0 follows from the other; both 0 leave the latents as they are.",
  inputs: {
    samples: link(LATENT),
    upscale_method: choice(LATENT_RESIZE_METHODS),
    width: int({ default: 512, min: 0, max: 16_384, step: 8, tooltip: "Width of the picture in pixels." }),
    height: int({ default: 512, min: 0, max: 16_384, step: 8, tooltip: "Height of the picture in pixels." }),
    crop: choice(CROPS),
  },
  outputs: { LATENT },
  resources: ["cpu"],
  run: ({ samples: latent, upscale_method, width, height, crop }) => {
    if (width === 0 && height === 0) return { LATENT: latent };
    const [oldHeight = 1, oldWidth = 1] = latent.samples.dims.slice(-2);
    const pixels = (size: number): number => Math.max(8 * CELL, Math.round(size));
    const tall = pixels(height || (oldHeight * pixels(width)) / oldWidth);
    const wide = pixels(width || (oldWidth * pixels(height)) / oldHeight);
    const cells = (size: number): number => Math.floor(size / CELL);
    return {
      LATENT: {
        ...latent,
        samples: resizePlanes(latent.samples, cells(wide), cells(tall), upscale_method, crop),
      },
    };
  },
});

/** ComfyUI's LatentUpscaleBy. */
export const latentUpscaleBy = defineNode({
  id: "LatentUpscaleBy",
  title: "Upscale Latent By",
  category: "latent",
  doc: "Resizes latents by a factor.",
  inputs: {
    samples: link(LATENT),
    upscale_method: choice(LATENT_RESIZE_METHODS),
    scale_by: float({ default: 1.5, min: 0.01, max: 8, step: 0.01, tooltip: "Of the height and of the width." }),
  },
  outputs: { LATENT },
  resources: ["cpu"],
  run: ({ samples: latent, upscale_method, scale_by }) => {
    const [, , height, width] = planeDims(latent.samples);
    const [tall, wide] = [height, width].map((size) => roundHalfEven(size * scale_by)) as [number, number];
    if (!(tall > 0 && wide > 0))
      throw new Error(`latents of ${width}×${height} cells times ${scale_by} have no cell left: take a larger factor`);
    return { LATENT: { ...latent, samples: resizePlanes(latent.samples, wide, tall, upscale_method) } };
  },
});
