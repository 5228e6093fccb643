import { defineNode, float, int, link } from "@mezzotint/engine";
import { maskAsImage, newTensor } from "../../images/allocate.js";
import { MASK, type Mask } from "../../sockets.js";

/** A mask of which every value has become another. Like ComfyUI's, a mask without a batch gets none. */
const mapped = (mask: Mask, change: (value: number) => number): Mask => ({
  dims: mask.dims,
  data: maskAsImage(mask).data.map(change),
});

/** ComfyUI's SolidMask. */
export const solidMask = defineNode({
  id: "SolidMask",
  category: "mask",
  doc: "Makes a mask of one value.",
  inputs: {
    value: float({ default: 1, min: 0, max: 1, step: 0.01 }),
    width: int({ default: 512, min: 1, max: 16384, step: 1 }),
    height: int({ default: 512, min: 1, max: 16384, step: 1 }),
  },
  outputs: { MASK },
  run: ({ value, width, height }) => {
    const { dims, data } = newTensor(1, height, width);
    return { MASK: { dims, data: data.fill(value) } };
  },
});

/** ComfyUI's InvertMask. */
export const invertMask = defineNode({
  id: "InvertMask",
  category: "mask",
  doc: "Selects what a mask leaves out: 1 - the mask.",
  inputs: { mask: link(MASK) },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ mask }) => ({ MASK: mapped(mask, (v) => 1 - v) }),
});

/** ComfyUI's ThresholdMask. */
export const thresholdMask = defineNode({
  id: "ThresholdMask",
  category: "mask",
  doc: "Makes a mask hard: 1 where it is above a value, else 0.",
  inputs: { mask: link(MASK), value: float({ default: 0.5, min: 0, max: 1, step: 0.01 }) },
  outputs: { MASK },
  resources: ["cpu"],
  run: ({ mask, value }) => {
    // Masks are float32: 0.3 in a mask is not above a value of 0.3.
    const bound = Math.fround(value);
    return { MASK: mapped(mask, (v) => Number(v > bound)) };
  },
});
