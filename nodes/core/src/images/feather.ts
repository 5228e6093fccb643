import type { Image, Mask } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";

/** How far something reaches in from, or out of, each side of a picture, in pixels. */
export interface Sides {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The place of the i-th line from the far side as ComfyUI counts it: its line 0 is the near side's first (index -0). */
const fromEnd = (i: number, size: number): number => (i === 0 ? 0 : size - i);

/** For each line across one axis, the rates it is multiplied by, one after another. */
function ratesOf(size: number, near: number, far: number): readonly (readonly number[])[] {
  const rates: number[][] = Array.from({ length: size }, () => []);
  const [first, last] = [Math.min(near, size), Math.min(far, size)];
  for (let i = 0; i < first; i++) rates[i]?.push(Math.fround((i + 1) / first));
  for (let i = 0; i < last; i++) rates[fromEnd(i, size)]?.push(Math.fround((i + 1) / last));
  return rates;
}

/** Masks that fade towards their sides, as ComfyUI's FeatherMask has it, its shift by a line on the far sides included. */
export function feathered(mask: Image, { left, top, right, bottom }: Sides): Image {
  const [batch, height, width] = imageDims(mask);
  const columns = ratesOf(width, left, right);
  const rows = ratesOf(height, top, bottom);
  const data = mask.data.slice();
  for (let i = 0; i < batch * height; i++) {
    const row = rows[i % height] as readonly number[];
    for (let x = 0; x < width; x++) {
      let value = data[i * width + x] as number;
      for (const rate of columns[x] as readonly number[]) value = Math.fround(value * rate);
      for (const rate of row) value = Math.fround(value * rate);
      data[i * width + x] = value;
    }
  }
  return { dims: mask.dims, data };
}

/**
 * The mask of a picture with new margins, [1, height, width]: 1 on them, 0 on the old picture, and over its outer
 * `feathering` pixels along the sides that got a margin a square that falls off. A picture that is not larger than twice
 * the feathering gets none, as in ComfyUI.
 */
export function outpaintMask(
  width: number,
  height: number,
  { left, top, right, bottom }: Sides,
  feathering: number,
): Mask {
  const mask = newTensor(1, height + top + bottom, width + left + right);
  mask.data.fill(1);
  const soft = feathering > 0 && feathering * 2 < width && feathering * 2 < height;
  for (let y = 0; y < height; y++) {
    const across = Math.min(top > 0 ? y : height, bottom > 0 ? height - y : height);
    const start = (y + top) * (width + left + right) + left;
    for (let x = 0; x < width; x++) {
      const distance = Math.min(across, left > 0 ? x : width, right > 0 ? width - x : width);
      const share = soft && distance < feathering ? (feathering - distance) / feathering : 0;
      mask.data[start + x] = share * share;
    }
  }
  return mask;
}
