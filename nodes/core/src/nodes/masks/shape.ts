import { bool, defineNode, int, link } from "@mezzotint/engine";
import { imageAsMask, imageDims, maskAsImage } from "../../images/allocate.js";
import { feathered } from "../../images/feather.js";
import { grown } from "../../images/morphology.js";
import { cut } from "../../images/rectangle.js";
import { MASK } from "../../sockets.js";
import { paced } from "../../steps.js";

const place = () => int({ default: 0, min: 0, max: 16384, step: 1 });
const size = () => int({ default: 512, min: 1, max: 16384, step: 1 });

/** ComfyUI's CropMask: what would lie outside is left out. A rectangle that lies wholly outside is an error. */
export const cropMask = defineNode({
  id: "CropMask",
  category: "mask",
  doc: "Cuts a rectangle out of a mask.",
  inputs: { mask: link(MASK), x: place(), y: place(), width: size(), height: size() },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ mask, x, y, width, height }) => {
    const image = maskAsImage(mask);
    const [, fullHeight, fullWidth] = imageDims(image);
    if (x >= fullWidth || y >= fullHeight) {
      throw new Error(`the rectangle begins at ${x}, ${y}, outside the mask, which is ${fullWidth} × ${fullHeight}`);
    }
    return {
      MASK: imageAsMask(cut(image, x, y, Math.min(width, fullWidth - x), Math.min(height, fullHeight - y))),
    };
  },
});

/** ComfyUI's FeatherMask. */
export const featherMask = defineNode({
  id: "FeatherMask",
  category: "mask",
  doc: "Lets a mask fade towards its sides.",
  inputs: { mask: link(MASK), left: place(), top: place(), right: place(), bottom: place() },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ mask, ...sides }) => ({ MASK: imageAsMask(feathered(maskAsImage(mask), sides)) }),
});

/** ComfyUI's GrowMask. */
export const growMask = defineNode({
  id: "GrowMask",
  category: "mask",
  doc: "Grows what a mask selects by some pixels, or shrinks it. Tapered corners make a diamond of a point, else a square.",
  inputs: {
    mask: link(MASK),
    expand: int({ default: 0, min: -16384, max: 16384, step: 1 }),
    tapered_corners: bool({ default: true }),
  },
  outputs: { MASK },
  resources: ["cpu"],
  run: async ({ mask, expand, tapered_corners }, ctx) => ({
    MASK: imageAsMask(await paced(grown(maskAsImage(mask), expand, tapered_corners), ctx)),
  }),
});
