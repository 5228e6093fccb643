import { choice, defineNode, int, link } from "@mezzotint/engine";
import { imageAsMask, maskAsImage } from "../../images/allocate.js";
import { combined, MASK_OPERATIONS } from "../../images/combine-masks.js";
import { MASK } from "../../sockets.js";

/** ComfyUI's MaskComposite. */
export const maskComposite = defineNode({
  id: "MaskComposite",
  category: "mask",
  doc: "Combines a mask with another that lies over it at a place.",
  inputs: {
    destination: link(MASK),
    source: link(MASK),
    x: int({ default: 0, min: 0, max: 16384, step: 1 }),
    y: int({ default: 0, min: 0, max: 16384, step: 1 }),
    operation: choice(MASK_OPERATIONS),
  },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ destination, source, x, y, operation }) => ({
    MASK: imageAsMask(combined(maskAsImage(destination), maskAsImage(source), x, y, operation)),
  }),
});
