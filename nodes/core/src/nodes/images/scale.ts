import { choice, defineNode, float, int, link } from "@mezzotint/engine";
import { imageDims, newTensor } from "../../images/allocate.js";
import { paste } from "../../images/rectangle.js";
import { CROPS, IMAGE_RESIZE_METHODS, resizedImage, roundHalfEven } from "../../images/resize.js";
import { IMAGE } from "../../sockets.js";
import { paced } from "../../steps.js";

/** ComfyUI's ImageScale: to a size, or to a width or height alone (the other 0) in the picture's own proportions. */
export const imageScale = defineNode({
  id: "ImageScale",
  title: "Upscale Image",
  category: "image/upscaling",
  doc: "Resizes pictures. A width or height of 0 follows from the other; both 0 leave the picture as it is.",
  inputs: {
    image: link(IMAGE),
    upscale_method: choice(IMAGE_RESIZE_METHODS),
    width: int({ default: 512, min: 0, max: 16384, step: 1 }),
    height: int({ default: 512, min: 0, max: 16384, step: 1 }),
    crop: choice(CROPS),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, upscale_method, width, height, crop }, ctx) => {
    if (width === 0 && height === 0) return { IMAGE: image };
    const [, oldHeight, oldWidth] = imageDims(image);
    const newWidth = width || Math.max(1, roundHalfEven((oldWidth * height) / oldHeight));
    const newHeight = height || Math.max(1, roundHalfEven((oldHeight * width) / oldWidth));
    return { IMAGE: await paced(resizedImage(image, newWidth, newHeight, upscale_method, crop), ctx) };
  },
});

/** An extent that came out of a calculation: a whole number, and at least 1 where ComfyUI would fail at 0. */
const extent = (n: number): number => Math.max(1, roundHalfEven(n));

/** ComfyUI's ImageScaleBy. */
export const imageScaleBy = defineNode({
  id: "ImageScaleBy",
  title: "Upscale Image By",
  category: "image/upscaling",
  doc: "Resizes pictures by a factor.",
  inputs: {
    image: link(IMAGE),
    upscale_method: choice(IMAGE_RESIZE_METHODS),
    scale_by: float({ default: 1, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, upscale_method, scale_by }, ctx) => {
    const [, height, width] = imageDims(image);
    const resized = resizedImage(image, extent(width * scale_by), extent(height * scale_by), upscale_method);
    return { IMAGE: await paced(resized, ctx) };
  },
});

/** ComfyUI's ImageScaleToTotalPixels: a megapixel is 1024 × 1024. */
export const imageScaleToTotalPixels = defineNode({
  id: "ImageScaleToTotalPixels",
  title: "Scale Image to Total Pixels",
  category: "image/upscaling",
  doc: "Resizes pictures to about so many pixels, in their own proportions.",
  inputs: {
    image: link(IMAGE),
    upscale_method: choice(IMAGE_RESIZE_METHODS),
    megapixels: float({ default: 1, min: 0.01, max: 16, step: 0.01 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, upscale_method, megapixels }, ctx) => {
    const [, height, width] = imageDims(image);
    const scale = Math.sqrt(Math.trunc(megapixels * 1024 * 1024) / (width * height));
    const resized = resizedImage(image, extent(width * scale), extent(height * scale), upscale_method);
    return { IMAGE: await paced(resized, ctx) };
  },
});

/** ComfyUI's ImageScaleToMaxDimension, whose menu is in an order of its own. */
export const imageScaleToMaxDimension = defineNode({
  id: "ImageScaleToMaxDimension",
  category: "image/upscaling",
  doc: "Resizes pictures so that their longer side has a length.",
  inputs: {
    image: link(IMAGE),
    upscale_method: choice(["area", "lanczos", "bilinear", "nearest-exact", "bicubic"]),
    largest_size: int({ default: 512, min: 0, max: 16384, step: 1 }),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, upscale_method, largest_size }, ctx) => {
    if (largest_size === 0) throw new Error("largest_size is 0: a picture has at least one pixel");
    const [, height, width] = imageDims(image);
    const along = (side: number): number => extent((side / Math.max(width, height)) * largest_size);
    return { IMAGE: await paced(resizedImage(image, along(width), along(height), upscale_method), ctx) };
  },
});

/** ComfyUI's ResizeAndPadImage. */
export const resizeAndPadImage = defineNode({
  id: "ResizeAndPadImage",
  category: "image/transform",
  doc: "Resizes pictures to fit inside a size, and fills up the rest with white or black.",
  inputs: {
    image: link(IMAGE),
    target_width: int({ default: 512, min: 1, max: 16384, step: 1 }),
    target_height: int({ default: 512, min: 1, max: 16384, step: 1 }),
    padding_color: choice(["white", "black"]),
    interpolation: choice(["area", "bicubic", "nearest-exact", "bilinear", "lanczos"]),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image, target_width, target_height, padding_color, interpolation }, ctx) => {
    const [batch, height, width, channels] = imageDims(image);
    const scale = Math.min(target_width / width, target_height / height);
    const newWidth = Math.max(1, Math.trunc(width * scale));
    const newHeight = Math.max(1, Math.trunc(height * scale));
    const result = newTensor(batch, target_height, target_width, channels);
    if (padding_color === "white") result.data.fill(1);
    const x = Math.floor((target_width - newWidth) / 2);
    const y = Math.floor((target_height - newHeight) / 2);
    paste(result, await paced(resizedImage(image, newWidth, newHeight, interpolation), ctx), x, y);
    return { IMAGE: result };
  },
});
