import { bool, defineNode, int, link } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { IMAGE, MASK } from "@mezzotint/nodes-core";
import { encodeImages } from "../models/index.js";
import { maskPlanes } from "../sampling/mask-planes.js";
import { CONDITIONING, type Conditioning, LATENT, VAE } from "../sockets.js";
import { grownMask, maskedPicture } from "./masked-picture.js";

/** ComfyUI's VAEEncodeForInpaint. */
export const vaeEncodeForInpaint = defineNode({
  id: "VAEEncodeForInpaint",
  title: "VAE Encode (for Inpainting)",
  category: "latent/inpaint",
  doc: "Turns pictures into latents of which only what a mask selects is made anew. That part is greyed before, so use it with full denoise.",
  inputs: {
    pixels: link(IMAGE),
    vae: link(VAE),
    mask: link(MASK),
    grow_mask_by: int({ default: 6, min: 0, max: 64, step: 1, tooltip: "Pixels around the mask that change as well." }),
  },
  outputs: { LATENT },
  resources: ["gpu"],
  run: async ({ pixels, vae, mask, grow_mask_by }, { use, signal, progress }) => {
    const masked = maskedPicture(pixels, mask, vae.latent.factor);
    const { mean } = await encodeImages(use(INFERENCE), vae, masked.grey, { signal, progress });
    return { LATENT: { samples: mean, noise_mask: grownMask(masked.mask, grow_mask_by) } };
  },
});

/** ComfyUI's InpaintModelConditioning. */
export const inpaintModelConditioning = defineNode({
  id: "InpaintModelConditioning",
  category: "conditioning/inpaint",
  doc: "Shows an inpainting model the picture without what a mask selects. Other models ignore it.",
  inputs: {
    positive: link(CONDITIONING),
    negative: link(CONDITIONING),
    vae: link(VAE),
    pixels: link(IMAGE),
    mask: link(MASK),
    noise_mask: bool({ default: true, tooltip: "Keep the rest of the latent as it is while sampling." }),
  },
  outputs: { positive: CONDITIONING, negative: CONDITIONING, latent: LATENT },
  resources: ["gpu"],
  run: async ({ positive, negative, vae, pixels, mask, noise_mask }, { use, signal }) => {
    const masked = maskedPicture(pixels, mask, vae.latent.factor);
    const encode = async (picture: typeof pixels) =>
      (await encodeImages(use(INFERENCE), vae, picture, { signal })).mean;
    const inpaint = { latent: await encode(masked.grey), mask: masked.mask };
    const shown = (conditioning: Conditioning): Conditioning =>
      conditioning.map((condition) => ({ ...condition, inpaint }));
    return {
      positive: shown(positive),
      negative: shown(negative),
      latent: { samples: await encode(pixels), ...(noise_mask && { noise_mask: masked.mask }) },
    };
  },
});

/** ComfyUI's SetLatentNoiseMask. */
export const setLatentNoiseMask = defineNode({
  id: "SetLatentNoiseMask",
  title: "Set Latent Noise Mask",
  category: "latent/inpaint",
  doc: "Lets sampling make anew only what a mask selects of latents. The mask may have any size.",
  inputs: { samples: link(LATENT), mask: link(MASK) },
  outputs: { LATENT },
  run: ({ samples, mask }) => {
    const { dims, data } = maskPlanes(mask);
    return { LATENT: { ...samples, noise_mask: { dims: [dims[0]!, ...dims.slice(2)], data } } };
  },
});
