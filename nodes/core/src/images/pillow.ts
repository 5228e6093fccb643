import { finished, type Steps } from "../steps.js";
import { newTensor } from "./allocate.js";
import { type Axis, applyTaps } from "./apply-taps.js";
import { type BytePicture, checkBytes } from "./byte-picture.js";
import { premultiply, unpremultiply } from "./premultiply.js";
import { cubic, makeTaps, type Taps } from "./taps.js";

/** Pillow keeps weights to 22 fractional bits; sums of such products with bytes are exact in a double. */
const UNIT = 2 ** 22;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** A kernel: its weight at a distance from its centre, 0 from `reach` on. */
interface Kernel {
  readonly reach: number;
  readonly at: (x: number) => number;
}

const KERNELS = {
  // Open on one side, so that a place between two belongs to one of them.
  box: { reach: 0.5, at: (x) => Number(x > -0.5 && x <= 0.5) },
  bilinear: { reach: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  hamming: { reach: 1, at: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
  bicubic: { reach: 2, at: (x) => cubic(x, -0.5) },
  lanczos: { reach: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Kernel>;

/** Pillow's filters, by its names in lower case. All but `nearest` are antialiased. */
export type PillowFilter = keyof typeof KERNELS | "nearest";

/** The kernel widens with the reduction; weights add to 1, then become fixed-point. */
function kernelTaps({ reach, at }: Kernel, from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  return makeTaps(to, Math.ceil(support) * 2 + 1, (i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const weights = Array.from({ length: end - start }, (_, k) => at((start + k - centre + 0.5) / stretch));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w, k) => {
      const fixed = (w / total) * UNIT;
      return [start + k, Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5) / UNIT] as const;
    });
  });
}

/** Pillow adds the step up from one place to the next; rounding decides which neighbour a place between two takes. */
function nearestTaps(from: number, to: number): Taps {
  const scale = from / to;
  let place = scale * 0.5;
  return makeTaps(to, 1, () => {
    const taken = Math.min(Math.trunc(place), from - 1);
    place += scale;
    return [[taken, 1]];
  });
}

const tapsOf = (filter: PillowFilter, from: number, to: number): Taps =>
  filter === "nearest" ? nearestTaps(from, to) : kernelTaps(KERNELS[filter], from, to);

/** Which axis Pillow (13.0) resizes first, found by trying: the height if it loses more than twice what the width does. */
const heightFirst = (
  from: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): boolean => height < from.height && from.height - height > 2 * (from.width - width);

/**
 * Resizes 8-bit values (whole numbers, 0 to 255) seen as [outer, height, width, inner] as Pillow's `resize` does, bit for
 * bit: one axis after the other, each rounded to 8 bits. Colours are weighted by an alpha, the last of 2 or 4 values, so
 * that what is hidden does not shine through; an equal size is a copy. `input` is overwritten.
 */
export function* resizedBytes(
  input: Float32Array,
  from: { readonly outer: number; readonly height: number; readonly width: number; readonly inner: number },
  height: number,
  width: number,
  filter: PillowFilter,
): Steps<Float32Array> {
  const { outer, inner } = from;
  if (from.height === height && from.width === width) return input;
  const alpha = (inner === 4 || inner === 2) && filter !== "nearest";
  if (alpha) premultiply(input, inner);
  const pass = (data: Float32Array, axis: Axis, size: number): Steps<Float32Array> => {
    const output = newTensor(axis.outer, size, axis.inner).data;
    return applyTaps(data, output, axis, tapsOf(filter, axis.n, size), "rounded to a byte");
  };
  const widen = function* (data: Float32Array, rows: number): Steps<Float32Array> {
    return width === from.width ? data : yield* pass(data, { outer: outer * rows, n: from.width, inner }, width);
  };
  const heighten = function* (data: Float32Array, columns: number): Steps<Float32Array> {
    return height === from.height ? data : yield* pass(data, { outer, n: from.height, inner: columns * inner }, height);
  };
  const resized = heightFirst(from, height, width)
    ? yield* widen(yield* heighten(input, from.width), height)
    : yield* heighten(yield* widen(input, from.height), width);
  if (alpha) unpremultiply(resized, inner);
  return resized;
}

/** A picture in another size, as Pillow's `resize` makes it. */
export function pillowResize(picture: BytePicture, width: number, height: number, filter: PillowFilter): BytePicture {
  checkBytes(picture);
  const layout = { outer: 1, height: picture.height, width: picture.width, inner: picture.channels };
  const data = finished(resizedBytes(Float32Array.from(picture.data), layout, height, width, filter));
  return { width, height, channels: picture.channels, data: Uint8Array.from(data) };
}

/** A grey picture, as Pillow's `convert("L")` makes it: BT.601 luma in 16 bits of fixed point. Alpha is left out. */
export function pillowGrey(picture: BytePicture): BytePicture {
  checkBytes(picture);
  const { width, height, channels, data } = picture;
  if (channels === 1) return picture;
  const at = (i: number): number => data[i] as number;
  const luma = (i: number): number => (at(i) * 19595 + at(i + 1) * 38470 + at(i + 2) * 7471 + 0x8000) >> 16;
  const grey = Uint8Array.from({ length: width * height }, (_, i) => luma(i * channels));
  return { width, height, channels: 1, data: grey };
}
