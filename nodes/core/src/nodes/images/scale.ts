import { choice, defineNode, int, link } from "@mezzotint/engine";
import { imageDims } from "../images/allocate.js";
import { CROPS, IMAGE_RESIZE_METHODS, resizeImage, roundHalfEven } from "../images/resize.js";
import { IMAGE } from "../sockets.js";

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
  run: ({ image, upscale_method, width, height, crop }) => {
    if (width === 0 && height === 0) return { IMAGE: image };
    const [, oldHeight, oldWidth] = imageDims(image);
    const newWidth = width || Math.max(1, roundHalfEven((oldWidth * height) / oldHeight));
    const newHeight = height || Math.max(1, roundHalfEven((oldHeight * width) / oldWidth));
    return { IMAGE: resizeImage(image, newWidth, newHeight, upscale_method, crop) };
  },
});
