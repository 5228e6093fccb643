import { choice, defineNode, int, link } from "@mezzotint/engine";
import { imageDims } from "../../images/allocate.js";
import { cut } from "../../images/rectangle.js";
import { flipped, rotated } from "../../images/turn.js";
import { IMAGE } from "../../sockets.js";

const size = () => int({ default: 512, min: 1, max: 16384, step: 1 });
const place = () => int({ default: 0, min: 0, max: 16384, step: 1 });

/** ComfyUI's ImageCrop: the corner is brought into the picture, and what would lie outside is left out. */
export const imageCrop = defineNode({
  id: "ImageCrop",
  title: "Image Crop",
  category: "image/transform",
  doc: "Cuts a rectangle out of pictures.",
  inputs: { image: link(IMAGE), width: size(), height: size(), x: place(), y: place() },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: ({ image, width, height, x, y }) => {
    const [, fullHeight, fullWidth] = imageDims(image);
    const left = Math.min(x, fullWidth - 1);
    const top = Math.min(y, fullHeight - 1);
    return { IMAGE: cut(image, left, top, Math.min(width, fullWidth - left), Math.min(height, fullHeight - top)) };
  },
});

/** ComfyUI's ImageFlip. */
export const imageFlip = defineNode({
  id: "ImageFlip",
  category: "image/transform",
  doc: "Mirrors pictures.",
  inputs: { image: link(IMAGE), flip_method: choice(["x-axis: vertically", "y-axis: horizontally"]) },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: ({ image, flip_method }) => ({
    IMAGE: flipped(image, flip_method === "x-axis: vertically" ? "vertical" : "horizontal"),
  }),
});

const QUARTERS = { none: 0, "90 degrees": 1, "180 degrees": 2, "270 degrees": 3 } as const;
const ROTATIONS = Object.keys(QUARTERS) as [keyof typeof QUARTERS, ...(keyof typeof QUARTERS)[]];

/** ComfyUI's ImageRotate: clockwise. */
export const imageRotate = defineNode({
  id: "ImageRotate",
  category: "image/transform",
  doc: "Turns pictures clockwise.",
  inputs: { image: link(IMAGE), rotation: choice(ROTATIONS) },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: ({ image, rotation }) => ({ IMAGE: rotated(image, QUARTERS[rotation]) }),
});
