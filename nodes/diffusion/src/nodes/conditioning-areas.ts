import { choice, defineNode, float, int, link } from "@mezzotint/engine";
import { MASK } from "@mezzotint/nodes-core";
import { maskPlanes } from "../sampling/mask-planes.js";
import { CONDITIONING, type Condition } from "../sockets.js";
import { CELL } from "./latent.js";

const strength = float({
  default: 1,
  min: 0,
  max: 10,
  step: 0.01,
  tooltip: "How much the text counts against others where they overlap.",
});

/** A mask that the text had holds on in the area, and has no say any more in what the model is shown. */
const withinArea = ({ mask, ...condition }: Condition): Condition =>
  mask ? { ...condition, mask: { ...mask, bounds: false } } : condition;

/** ComfyUI's ConditioningSetArea. */
export const conditioningSetArea = defineNode({
  id: "ConditioningSetArea",
  title: "Conditioning (Set Area)",
  category: "conditioning",
  doc: "Lets a text hold for a part of the picture only. The model is shown just that part; its edges fade into the rest.",
  inputs: {
    conditioning: link(CONDITIONING),
    width: int({ default: 64, min: 64, max: 16_384, step: 8, tooltip: "Width of the part in pixels." }),
    height: int({ default: 64, min: 64, max: 16_384, step: 8, tooltip: "Height of the part in pixels." }),
    x: int({ default: 0, min: 0, max: 16_384, step: 8, tooltip: "Pixels to the left of it." }),
    y: int({ default: 0, min: 0, max: 16_384, step: 8, tooltip: "Pixels above it." }),
    strength,
  },
  outputs: { CONDITIONING },
  run: ({ conditioning, width, height, x, y, strength }) => {
    const cells = (pixels: number): number => Math.floor(pixels / CELL);
    const area = { height: cells(height), width: cells(width), y: cells(y), x: cells(x) };
    return { CONDITIONING: conditioning.map((condition) => ({ ...withinArea(condition), area, strength })) };
  },
});

const part = (tooltip: string, value: number) => float({ default: value, min: 0, max: 1, step: 0.01, tooltip });

/** ComfyUI's ConditioningSetAreaPercentage. */
export const conditioningSetAreaPercentage = defineNode({
  id: "ConditioningSetAreaPercentage",
  title: "Conditioning (Set Area with Percentage)",
  category: "conditioning",
  doc: "Lets a text hold for a part of the picture only, given in parts of the picture's size, 0 to 1.",
  inputs: {
    conditioning: link(CONDITIONING),
    width: part("Width of the part.", 1),
    height: part("Height of the part.", 1),
    x: part("How much lies to the left of it.", 0),
    y: part("How much lies above it.", 0),
    strength,
  },
  outputs: { CONDITIONING },
  run: ({ conditioning, width, height, x, y, strength }) => {
    const area = { height, width, y, x, relative: true };
    return { CONDITIONING: conditioning.map((condition) => ({ ...withinArea(condition), area, strength })) };
  },
});

/** ComfyUI's ConditioningSetMask. */
export const conditioningSetMask = defineNode({
  id: "ConditioningSetMask",
  title: "Conditioning (Set Mask)",
  category: "conditioning",
  doc: "Lets a text hold where a mask says, by degrees. The mask may have any size.",
  inputs: {
    conditioning: link(CONDITIONING),
    mask: link(MASK),
    strength,
    set_cond_area: choice(["default", "mask bounds"], {
      tooltip: "What the model is shown: all of the picture, or only the rectangle around what the mask selects.",
    }),
  },
  outputs: { CONDITIONING },
  run: ({ conditioning, mask, strength, set_cond_area }) => {
    maskPlanes(mask); // Refuses what is no mask here, where it comes in.
    const held = { pixels: mask, strength, bounds: set_cond_area === "mask bounds" };
    return { CONDITIONING: conditioning.map((condition) => ({ ...condition, mask: held })) };
  },
});

/** ComfyUI's ConditioningSetTimestepRange. */
export const conditioningSetTimestepRange = defineNode({
  id: "ConditioningSetTimestepRange",
  category: "advanced/conditioning",
  doc: "Lets a text hold during a part of the way from noise (0) to picture (1) only. Where no text holds, nothing steers.",
  inputs: {
    conditioning: link(CONDITIONING),
    start: float({ default: 0, min: 0, max: 1, step: 0.001 }),
    end: float({ default: 1, min: 0, max: 1, step: 0.001 }),
  },
  outputs: { CONDITIONING },
  run: ({ conditioning, start, end }) => ({
    CONDITIONING: conditioning.map((condition) => ({ ...condition, range: { start, end } })),
  }),
});
