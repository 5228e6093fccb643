import { bool, choice, defineNode, int, link, optional } from "@mezzotint/engine";
import { imageDims, newTensor } from "../../images/allocate.js";
import { composited } from "../../images/composite.js";
import { outpaintMask } from "../../images/feather.js";
import { paste } from "../../images/rectangle.js";
import { DIRECTIONS, SPACING_COLORS, stitched } from "../../images/stitch.js";
import { IMAGE, MASK } from "../../sockets.js";
import { paced } from "../../steps.js";

/** ComfyUI's ImageCompositeMasked. */
export const imageCompositeMasked = defineNode({
  id: "ImageCompositeMasked",
  category: "image",
  doc: "Lays a picture over another, where a mask lets it through.",
  inputs: {
    destination: link(IMAGE),
    source: link(IMAGE),
    x: int({ default: 0, min: 0, max: 16384, step: 1 }),
    y: int({ default: 0, min: 0, max: 16384, step: 1 }),
    resize_source: bool({ default: false }),
    mask: optional(link(MASK)),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ destination, source, x, y, resize_source, mask }, ctx) => ({
    IMAGE: await paced(composited(destination, source, { x, y, resize: resize_source, mask }), ctx),
  }),
});

const margin = () => int({ default: 0, min: 0, max: 16384, step: 8 });

/** ComfyUI's ImagePadForOutpaint: the margins are mid-grey. */
export const imagePadForOutpaint = defineNode({
  id: "ImagePadForOutpaint",
  title: "Pad Image for Outpainting",
  category: "image",
  doc: "Gives pictures margins to paint on, and a mask of them that fades into the old picture.",
  inputs: {
    image: link(IMAGE),
    left: margin(),
    top: margin(),
    right: margin(),
    bottom: margin(),
    feathering: int({ default: 40, min: 0, max: 16384, step: 1 }),
  },
  outputs: { IMAGE, MASK },
  resources: ["cpu"],
  run: ({ image, feathering, ...sides }) => {
    const [batch, height, width, channels] = imageDims(image);
    const { left, top, right, bottom } = sides;
    const padded = newTensor(batch, height + top + bottom, width + left + right, channels);
    padded.data.fill(0.5);
    paste(padded, image, left, top);
    return { IMAGE: padded, MASK: outpaintMask(width, height, sides, feathering) };
  },
});

/** ComfyUI's ImageStitch. */
export const imageStitch = defineNode({
  id: "ImageStitch",
  title: "Image Stitch",
  category: "image/transform",
  doc: "Puts a second picture beside a first. Without a second, the first stays as it is.",
  inputs: {
    image1: link(IMAGE),
    direction: choice(DIRECTIONS, { default: "right" }),
    match_image_size: bool({ default: true }),
    spacing_width: int({ default: 0, min: 0, max: 1024, step: 2 }),
    spacing_color: choice(SPACING_COLORS, { default: "white" }),
    image2: optional(link(IMAGE)),
  },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image1, image2, direction, match_image_size, spacing_width, spacing_color }, ctx) => {
    if (!image2) return { IMAGE: image1 };
    const how = { direction, matchSize: match_image_size, spacing: spacing_width, color: spacing_color };
    return { IMAGE: await paced(stitched(image1, image2, how), ctx) };
  },
});
