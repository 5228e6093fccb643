import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
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

/** Raises values to those of a row, taken at some columns. */
function raise(values: Float32Array, row: Float32Array, columns: Int32Array): void {
  for (let x = 0; x < values.length; x++) {
    const value = row[columns[x] as number] as number;
    // Written so that a place of which nothing is a number does not become -Infinity.
    if (!(value <= (values[x] as number))) values[x] = value;
  }
}

/** The largest of the values at some offsets from each place; an offset that leaves the picture stops at its border. */
function* largest(
  from: Float32Array,
  to: Float32Array,
  [height, width]: readonly [number, number],
  step: number,
  offsets: Offsets,
): Steps<void> {
  const column = (x: number): number => Math.min(Math.max(x, 0), width - 1);
  const line = (y: number): number => Math.min(Math.max(y, 0), height - 1);
  const places = offsets.map(([dx, dy]) => ({
    columns: Int32Array.from({ length: width }, (_, x) => column(x + dx * step)),
    down: dy * step,
  }));
  for (let y = 0; y < height; y++) {
    const best = to.subarray(y * width, (y + 1) * width).fill(Number.NEGATIVE_INFINITY);
    for (const { columns, down } of places) {
      const start = line(y + down) * width;
      raise(best, from.subarray(start, start + width), columns);
    }
    yield;
  }
}

/**
 * Grey dilation by the diamond (`tapered`: |x| + |y| <= by) or the square (|x|, |y| <= by) around each place, erosion
 * when `by` is negative: what repeating a 3×3 dilation `by` times gives, outside counting as nothing. A dilation by n is
 * one by n + s when the largest is taken over its places s <= n away, so a radius takes log2(radius) passes; since both
 * shapes are convex this holds up to the border, where places outside are brought onto it.
 */
export function* grown(mask: Image, by: number, tapered: boolean): Steps<Image> {
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
      yield* largest(from, to, [height, width], step, done === 0 ? [...CENTRE, ...around] : far);
      done += step;
      [from, to] = [to, from];
    }
    result.set(signed(from), b * size);
  }
  return { dims: mask.dims, data: result };
}
