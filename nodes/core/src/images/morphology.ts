import type { Image } from "../sockets.js";
import { imageDims } from "./allocate.js";

/** Where a pass of `grown` looks: at these multiples of its step, in x and y. */
type Offsets = readonly (readonly [x: number, y: number])[];

const CENTRE: Offsets = [[0, 0]];
const SIDES: Offsets = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];
const CORNERS: Offsets = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** The largest of the values at some offsets from each place; an offset that leaves the picture stops at its border. */
function largest(from: Float32Array, to: Float32Array, height: number, width: number, step: number, offsets: Offsets) {
  const column = (x: number): number => Math.min(Math.max(x, 0), width - 1);
  const places = offsets.map(([dx]) => Int32Array.from({ length: width }, (_, x) => column(x + dx * step)));
  for (let y = 0; y < height; y++) {
    const start = y * width;
    for (let k = 0; k < offsets.length; k++) {
      const row = Math.min(Math.max(y + (offsets[k]?.[1] as number) * step, 0), height - 1) * width;
      const place = places[k] as Int32Array;
      for (let x = 0; x < width; x++) {
        const value = from[row + (place[x] as number)] as number;
        if (k === 0 || value > (to[start + x] as number)) to[start + x] = value;
      }
    }
  }
}

/**
 * Grey dilation by the diamond (`tapered`: |x| + |y| <= by) or the square (|x|, |y| <= by) around each place, erosion
 * when `by` is negative: what repeating a 3×3 dilation `by` times gives, outside counting as nothing. A dilation by n is
 * one by n + s when the largest is taken over its places s <= n away, so a radius takes log2(radius) passes; since both
 * shapes are convex this holds up to the border, where places outside are brought onto it.
 */
export function grown(mask: Image, by: number, tapered: boolean): Image {
  const [batch, height, width, channels] = imageDims(mask);
  if (channels !== 1) throw new Error(`only masks grow; this has ${channels} channels`);
  // Farther away than the farthest place there is nothing.
  const radius = Math.min(Math.abs(by), height + width);
  if (radius === 0) return mask;
  const [around, far] = tapered ? [SIDES, SIDES] : [[...SIDES, ...CORNERS], CORNERS];
  const signed = (data: Float32Array): Float32Array => (by < 0 ? data.map((v) => -v) : data);
  const result = new Float32Array(mask.data.length);
  const size = height * width;
  for (let b = 0; b < batch; b++) {
    let from: Float32Array = signed(mask.data.slice(b * size, (b + 1) * size));
    let to: Float32Array = new Float32Array(size);
    for (let done = 0; done < radius; ) {
      const step = done === 0 ? 1 : Math.min(done, radius - done);
      largest(from, to, height, width, step, done === 0 ? [...CENTRE, ...around] : far);
      done += step;
      [from, to] = [to, from];
    }
    result.set(signed(from), b * size);
  }
  return { dims: mask.dims, data: result };
}
