import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";
import { requireCorner } from "./rectangle.js";
import { roundHalfEven } from "./resize.js";

/** Whether a value counts as 1: what rounds to something else than 0, exactly a half to 0. */
const isSet = (value: number): boolean => roundHalfEven(value) !== 0;

/** What becomes of a value that another mask's lies over, in the order of ComfyUI's menu. */
const OPERATIONS = {
  multiply: (a: number, b: number): number => a * b,
  add: (a: number, b: number): number => a + b,
  subtract: (a: number, b: number): number => a - b,
  and: (a: number, b: number): number => Number(isSet(a) && isSet(b)),
  or: (a: number, b: number): number => Number(isSet(a) || isSet(b)),
  xor: (a: number, b: number): number => Number(isSet(a) !== isSet(b)),
};

/** A way to combine two masks. */
export type MaskOperation = keyof typeof OPERATIONS;
/** All of them, in the order of ComfyUI's menu. */
export const MASK_OPERATIONS = Object.keys(OPERATIONS) as [MaskOperation, ...MaskOperation[]];

/**
 * Combines masks (images of one channel) with others whose upper left corner lies at (x, y), where they overlap; all is
 * clamped to 0..1. The shorter batch is repeated.
 */
export function combined(destination: Image, source: Image, x: number, y: number, operation: MaskOperation): Image {
  const [batch, height, width] = imageDims(destination);
  requireCorner(x, y);
  const [sourceBatch, sourceHeight, sourceWidth] = imageDims(source);
  const result = newTensor(Math.max(batch, sourceBatch), height, width, 1);
  const { data } = result;
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.min(Math.max(destination.data[i % destination.data.length] as number, 0), 1);
  }
  const combine = OPERATIONS[operation];
  const size = height * width;
  for (let b = 0; b * size < data.length; b++) {
    for (let r = 0; r < Math.min(sourceHeight, height - y); r++) {
      for (let c = 0; c < Math.min(sourceWidth, width - x); c++) {
        const place = (y + r) * width + x + c;
        const under = destination.data[(b % batch) * size + place] as number;
        const over = source.data[((b % sourceBatch) * sourceHeight + r) * sourceWidth + c] as number;
        data[b * size + place] = Math.min(Math.max(combine(under, over), 0), 1);
      }
    }
  }
  return result;
}
