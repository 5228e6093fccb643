import { newTensor } from "./allocate.js";
import { type Axis, applyTaps, makeTaps, type Taps } from "./taps.js";

/** Pillow keeps weights to 22 fractional bits; sums of such products with bytes are exact in a double. */
const UNIT = 2 ** 22;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos3 = (x: number): number => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

/** Pillow's antialiased Lanczos: the kernel widens with the reduction, weights add to 1, then become fixed-point. */
function lanczosTaps(from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = 3 * stretch;
  return makeTaps(to, Math.ceil(support) * 2 + 1, (i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const weights = Array.from({ length: end - start }, (_, k) => lanczos3((start + k - centre + 0.5) / stretch));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w, k) => {
      const fixed = (w / total) * UNIT;
      return [start + k, Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5) / UNIT] as const;
    });
  });
}

/**
 * Lanczos of 8-bit values (whole numbers, 0 to 255) seen as [outer, height, width, inner]: one axis after the other,
 * each rounded to 8 bits, bit for bit as Pillow's `resize(…, LANCZOS)`; alpha is for `premultiply` to see to.
 */
export function resizeLanczos(
  input: Float32Array,
  from: { readonly outer: number; readonly height: number; readonly width: number; readonly inner: number },
  height: number,
  width: number,
): Float32Array {
  const { outer, inner } = from;
  const pass = (data: Float32Array, axis: Axis, size: number): Float32Array =>
    size === axis.n
      ? data
      : applyTaps(
          data,
          newTensor(axis.outer, size, axis.inner).data,
          axis,
          lanczosTaps(axis.n, size),
          "rounded to a byte",
        );
  const widen = (data: Float32Array, rows: number): Float32Array =>
    pass(data, { outer: outer * rows, n: from.width, inner }, width);
  const heighten = (data: Float32Array, columns: number): Float32Array =>
    pass(data, { outer, n: from.height, inner: columns * inner }, height);
  return heightFirst(from, height, width)
    ? widen(heighten(input, from.width), height)
    : heighten(widen(input, from.height), width);
}

/** Which axis Pillow (13.0) resizes first, found by trying: the height if it loses more than twice what the width does. */
const heightFirst = (
  from: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): boolean => height < from.height && from.height - height > 2 * (from.width - width);

/** Multiplies bytes by the alpha that comes last in each pixel, in place, with Pillow's rounding. */
export function premultiply(pixels: Float32Array, channels: number): void {
  for (let start = 0; start < pixels.length; start += channels) {
    const alpha = pixels[start + channels - 1] as number;
    for (let i = start; i < start + channels - 1; i++) {
      const product = (pixels[i] as number) * alpha + 128;
      pixels[i] = ((product >> 8) + product) >> 8;
    }
  }
}

/** Undoes `premultiply` as far as bytes can, in place, with Pillow's rounding: what alpha hides wholly stays as it is. */
export function unpremultiply(pixels: Float32Array, channels: number): void {
  for (let start = 0; start < pixels.length; start += channels) {
    const alpha = pixels[start + channels - 1] as number;
    if (alpha === 0 || alpha === 255) continue;
    for (let i = start; i < start + channels - 1; i++) {
      pixels[i] = Math.min(Math.trunc((255 * (pixels[i] as number)) / alpha), 255);
    }
  }
}
