import type { Tensor } from "@mezzotint/engine";
import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
import { type Extents, imageDims, newTensor } from "./allocate.js";
import type { Axis } from "./apply-taps.js";
import { roundHalfEven } from "./resize.js";

const { fround } = Math;

/** What OpenAI's CLIP was trained on: the mean and deviation of red, green and blue. */
const CLIP_COLORS: Colors = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
};

/** The mean and the standard deviation of red, green and blue, which a network expects to be 0 and 1. */
export interface Colors {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** What a new place is made of: old places from `start` on, and the weight of each. */
interface Window {
  readonly start: number;
  readonly weights: Float32Array;
}

/** Keys' cubic convolution (1981), a = -0.5, rounded to float32 where torch's fused multiply-adds are. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return fround(fround(fround(1.5 * x - 2.5) * x) * x + 1);
  return x < 2 ? fround(fround(fround(-0.5 * x + 2.5) * x - 4) * x + 2) : 0;
}

/**
 * Bicubic and antialiased, as torch's `interpolate`: the kernel widens with the reduction. `from` places become `to`, of
 * which `count` are made, from `first` on.
 */
function antialiased(from: number, to: number, first: number, count: number): readonly Window[] {
  const scale = fround(from / to);
  const support = fround(2 * Math.max(scale, 1));
  const shrink = fround(1 / Math.max(scale, 1));
  return Array.from({ length: count }, (_, i) => {
    const centre = fround(scale * (first + i + 0.5));
    const start = Math.max(Math.trunc(fround(centre - support) + 0.5), 0);
    const end = Math.min(Math.trunc(fround(centre + support) + 0.5), from);
    const weights = Float32Array.from({ length: end - start }, (_, k) =>
      cubic(fround((fround(start + k - centre) + 0.5) * shrink)),
    );
    const total = weights.reduce((sum, w) => fround(sum + w), 0);
    return { start, weights: weights.map((w) => w / total) };
  });
}

/**
 * Resizes a line of places of `inner` values. Sums are rounded as torch's are on processors that multiply and add at
 * once, whole fours after the first product excepted: a value between two bytes then falls to the same one, which would
 * otherwise differ in a few pixels of a picture.
 */
function resampleLine(line: Float32Array, result: Float32Array, inner: number, windows: readonly Window[]): void {
  let to = 0;
  for (const { start, weights } of windows) {
    const apart = 1 + 4 * Math.floor((weights.length - 1) / 4);
    for (let j = 0; j < inner; j++) {
      let sum = 0;
      for (let k = 0, from = start * inner + j; k < weights.length; k++, from += inner) {
        const product = (weights[k] as number) * (line[from] as number);
        sum = fround(sum + (k < apart ? fround(product) : product));
      }
      result[to++] = sum;
    }
  }
}

/** Resizes the middle of [outer, n, inner]. */
function* resampled(input: Float32Array, { outer, n, inner }: Axis, windows: readonly Window[]): Steps<Float32Array> {
  const output = newTensor(outer, windows.length, inner).data;
  const [before, after] = [n * inner, windows.length * inner];
  for (let o = 0; o < outer; o++) {
    const line = input.subarray(o * before, (o + 1) * before);
    resampleLine(line, output.subarray(o * after, (o + 1) * after), inner, windows);
    yield;
  }
  return output;
}

/** A square of `size` of each picture. */
function* squared(image: Image, size: number, crop: boolean): Steps<Float32Array> {
  const [batch, height, width, channels] = imageDims(image);
  if (height === size && width === size) return image.data;
  const along = (side: number): readonly Window[] => {
    const scaled = crop ? roundHalfEven((size / Math.min(height, width)) * side) : size;
    return antialiased(side, scaled, Math.floor((scaled - size) / 2), size);
  };
  const wide = yield* resampled(image.data, { outer: batch * height, n: width, inner: channels }, along(width));
  return yield* resampled(wide, { outer: batch, n: height, inner: size * channels }, along(height));
}

/** Squares [batch, size, size, channels] to bytes, to normalised planes [batch, 3, size, size]. */
function normalised(data: Float32Array, dims: Extents, { mean, deviation }: Colors): Tensor {
  const [batch, height, width, channels] = dims;
  const result = newTensor(batch, 3, height, width);
  const plane = height * width;
  for (let to = 0; to < result.data.length; to++) {
    const c = Math.floor(to / plane) % 3;
    const pixel = Math.floor(to / (3 * plane)) * plane + (to % plane);
    const value = data[pixel * channels + (channels === 1 ? 0 : c)] as number;
    const byte = roundHalfEven(Math.min(Math.max(fround(value * 255), 0), 255));
    result.data[to] = fround(fround(byte / 255) - fround(mean[c] as number)) / fround(deviation[c] as number);
  }
  return result;
}

/**
 * Pictures as CLIP's vision networks take them, [batch, 3, size, size], as ComfyUI makes them: squared (see `crop`) by
 * antialiased bicubic interpolation, rounded to bytes, and normalised. `crop` takes the middle, of the whole of the
 * shorter side; without it the picture is stretched. Grey counts as three equal channels; alpha is left out.
 */
export function* clipPixels(
  image: Image,
  { size = 224, crop = true, colors = CLIP_COLORS }: { size?: number; crop?: boolean; colors?: Colors } = {},
): Steps<Tensor> {
  const [batch, , , channels] = imageDims(image);
  if (channels === 2) throw new Error("a picture has 1, 3 or 4 channels; this has 2");
  return normalised(yield* squared(image, size, crop), [batch, size, size, channels], colors);
}
