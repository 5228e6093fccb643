import { choice, defineNode, int, link } from "@mezzotint/engine";
import { imageAsMask, maskAsImage } from "../../images/allocate.js";
import { CHANNELS, channelOf, colorMask, greyImage } from "../../images/channel-mask.js";
import { IMAGE, MASK } from "../../sockets.js";

/** ComfyUI's MaskToImage. */
export const maskToImage = defineNode({
  id: "MaskToImage",
  title: "Convert Mask to Image",
  category: "mask",
  doc: "Makes a grey picture of a mask.",
  inputs: { mask: link(MASK) },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: ({ mask }) => ({ IMAGE: greyImage(maskAsImage(mask)) }),
});

/** ComfyUI's ImageToMask. A picture without alpha has no alpha channel to give: that is an error. */
export const imageToMask = defineNode({
  id: "ImageToMask",
  title: "Convert Image to Mask",
  category: "mask",
  doc: "Takes one channel of a picture as a mask.",
  inputs: { image: link(IMAGE), channel: choice(CHANNELS) },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ image, channel }) => ({ MASK: imageAsMask(channelOf(image, channel)) }),
});

/** ComfyUI's ImageColorToMask: `color` is 0xRRGGBB. */
export const imageColorToMask = defineNode({
  id: "ImageColorToMask",
  category: "mask",
  doc: "Selects the pixels of one colour.",
  inputs: { image: link(IMAGE), color: int({ default: 0, min: 0, max: 0xffffff, step: 1 }) },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ image, color }) => ({ MASK: imageAsMask(colorMask(image, color)) }),
});
