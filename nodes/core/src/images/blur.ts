import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
import { imageDims, newTensor } from "./allocate.js";

/** The right half of a symmetric kernel: the weight of the centre, then of each pair of neighbours. They add up to 1. */
export type Kernel = readonly number[];

/** A Gaussian's kernel: `sigma` is in pixels, and what lies beyond `radius` is cut off. */
export function gaussian(radius: number, sigma: number): Kernel {
  const weights = Array.from({ length: radius + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, w, i) => sum + (i === 0 ? w : 2 * w), 0);
  return weights.map((w) => w / total);
}

/** The place that a place outside 0..size-1 mirrors, about the first and last, which are not repeated (`reflect`). */
function reflected(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return Math.min(within, period - within);
}

/**
 * Adds up one line, the kernel's sum over lines of values that begin at `starts`, from the farthest before to the farthest
 * behind. Four lines at a time spare trips to the sums, which are doubles; past the last, weights are 0.
 */
function sumLines(from: Float32Array, starts: Int32Array, kernel: Kernel, sums: Float64Array): void {
  const radius = kernel.length - 1;
  const centre = starts[radius] as number;
  const weight = kernel[0] as number;
  for (let j = 0; j < sums.length; j++) sums[j] = weight * (from[centre + j] as number);
  for (let k = 1; k <= radius; k += 2) {
    const other = Math.min(k + 1, radius);
    const p = kernel[k] as number;
    const q = other > k ? (kernel[other] as number) : 0;
    const a = starts[radius - k] as number;
    const b = starts[radius + k] as number;
    const c = starts[radius - other] as number;
    const d = starts[radius + other] as number;
    for (let j = 0; j < sums.length; j++) {
      sums[j] =
        (sums[j] as number) +
        p * ((from[a + j] as number) + (from[b + j] as number)) +
        q * ((from[c + j] as number) + (from[d + j] as number));
    }
  }
}

/** Writes the row that begins at `start` with what lies beyond its sides: the pixels that begin at `columns` within it. */
function padRow(from: Float32Array, start: number, columns: Int32Array, channels: number, padded: Float32Array): void {
  for (let x = 0, to = 0; x < columns.length; x++) {
    const place = start + (columns[x] as number);
    for (let c = 0; c < channels; c++) padded[to++] = from[place + c] as number;
  }
}

/** What becomes of a value and its blur, which is a double. */
type Mix = (value: number, blurred: number) => number;

/** Writes the row that begins at `start`: of each value and its blur what `mix` makes. */
function mixRow(from: Float32Array, sums: Float64Array, to: Float32Array, start: number, mix: Mix): void {
  for (let j = 0; j < sums.length; j++) to[start + j] = mix(from[start + j] as number, sums[j] as number);
}

/**
 * Convolves pictures with a symmetric kernel along both axes. Beyond its sides a picture is mirrored, time and again if
 * it is smaller than the kernel.
 */
export function* convolved(image: Image, kernel: Kernel, mix: Mix = (_, blurred) => blurred): Steps<Image> {
  const [batch, height, width, channels] = imageDims(image);
  const radius = kernel.length - 1;
  const row = width * channels;
  const sums = new Float64Array(row);
  const wide = newTensor(batch, height, width, channels).data;
  const columns = Int32Array.from({ length: width + 2 * radius }, (_, x) => reflected(x - radius, width) * channels);
  const padded = new Float32Array(columns.length * channels);
  const starts = Int32Array.from({ length: 2 * radius + 1 }, (_, k) => k * channels);
  for (let r = 0; r < batch * height; r++) {
    padRow(image.data, r * row, columns, channels, padded);
    sumLines(padded, starts, kernel, sums);
    wide.set(sums, r * row);
    yield;
  }
  const lines = Int32Array.from({ length: height + 2 * radius }, (_, y) => reflected(y - radius, height));
  const result = newTensor(batch, height, width, channels);
  for (let r = 0; r < batch * height; r++) {
    const [first, y] = [r - (r % height), r % height];
    for (let k = 0; k < starts.length; k++) starts[k] = (first + (lines[y + k] as number)) * row;
    sumLines(wide, starts, kernel, sums);
    mixRow(image.data, sums, result.data, r * row, mix);
    yield;
  }
  return result;
}

/** The Gaussian of ComfyUI's image filters: its sigma is in units of the radius. */
export const radialGaussian = (radius: number, sigma: number): Kernel => gaussian(radius, sigma * radius);

/** Sharper pictures: `amount` times what a blur takes away is added, and the result clamped to 0..1. */
export const sharpened = (image: Image, kernel: Kernel, amount: number): Steps<Image> =>
  convolved(image, kernel, (value, blurred) => Math.min(Math.max(value + amount * (value - blurred), 0), 1));
