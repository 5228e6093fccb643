import { choice, defineNode, float, int, link } from "@mezzotint/engine";
import { BLEND_MODES, blended } from "../../images/blend.js";
import { convolved, radialGaussian, sharpened } from "../../images/blur.js";
import { canny } from "../../images/canny.js";
import { greyImage } from "../../images/channel-mask.js";
import { IMAGE } from "../../sockets.js";
import { paced } from "../../steps.js";

/** ComfyUI's ImageBlend. */
export const imageBlend = defineNode({
  id: "ImageBlend",
  title: "Image Blend",
  category: "image/postprocessing",
  doc: "Mixes two pictures. The second is resized (bicubic, cut at the centre) to fit the first.",
  inputs: {
    image1: link(IMAGE),
    image2: link(IMAGE),
    blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
    blend_mode: choice(BLEND_MODES),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image1, image2, blend_factor, blend_mode }, ctx) => ({
    IMAGE: await paced(blended(image1, image2, blend_factor, blend_mode), ctx),
  }),
});

/** ComfyUI's ImageBlur. */
export const imageBlur = defineNode({
  id: "ImageBlur",
  title: "Image Blur",
  category: "image/postprocessing",
  doc: "Softens pictures with a Gaussian, whose sigma is in units of the radius.",
  inputs: {
    image: link(IMAGE),
    blur_radius: int({ default: 1, min: 1, max: 31, step: 1 }),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.1 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, blur_radius, sigma }, ctx) => ({
    IMAGE: await paced(convolved(image, radialGaussian(blur_radius, sigma)), ctx),
  }),
});

/** ComfyUI's ImageSharpen: ten times `alpha` of what a blur takes away is added. */
export const imageSharpen = defineNode({
  id: "ImageSharpen",
  title: "Image Sharpen",
  category: "image/postprocessing",
  doc: "Sharpens pictures.",
  inputs: {
    image: link(IMAGE),
    sharpen_radius: int({ default: 1, min: 1, max: 31, step: 1 }),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.01 }),
    alpha: float({ default: 1, min: 0, max: 5, step: 0.01 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, sharpen_radius, sigma, alpha }, ctx) => ({
    IMAGE: await paced(sharpened(image, radialGaussian(sharpen_radius, sigma), 10 * alpha), ctx),
  }),
});

const disorder = (low: number, high: number): string | undefined =>
  low > high ? `low_threshold is ${low}, above high_threshold, which is ${high}` : undefined;

/** ComfyUI's Canny, whose edges are kornia's. */
export const cannyEdges = defineNode({
  id: "Canny",
  category: "image/preprocessors",
  doc: "Draws the edges of pictures, white on black.",
  inputs: {
    image: link(IMAGE),
    low_threshold: float({ default: 0.4, min: 0.01, max: 0.99, step: 0.01 }),
    high_threshold: float({ default: 0.8, min: 0.01, max: 0.99, step: 0.01 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  check: ({ low_threshold = 0, high_threshold = 1 }) => disorder(low_threshold, high_threshold),
  run: async ({ image, low_threshold, high_threshold }, ctx) => {
    const reason = disorder(low_threshold, high_threshold);
    if (reason !== undefined) throw new Error(reason);
    const { edges } = await paced(canny(image, low_threshold, high_threshold), ctx);
    return { IMAGE: greyImage(edges) };
  },
});
