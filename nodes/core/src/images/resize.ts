import type { Tensor } from "@mezzotint/engine";
import type { Image } from "../sockets.js";
import { finished, type Steps } from "../steps.js";
import { imageDims, newTensor, planeDims } from "./allocate.js";
import { applyTaps } from "./apply-taps.js";
import { bislerpAxis } from "./bislerp.js";
import { type Layout, lanczos } from "./lanczos.js";
import { TAPS } from "./taps.js";

/** ComfyUI's methods for images, in the order of its menus. */
export const IMAGE_RESIZE_METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"] as const;
/** ComfyUI's methods for latents, in the order of its menus. */
export const LATENT_RESIZE_METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"] as const;
type ImageResizeMethod = (typeof IMAGE_RESIZE_METHODS)[number];
/** A method for images or for latents. */
export type ResizeMethod = ImageResizeMethod | (typeof LATENT_RESIZE_METHODS)[number];
/** ComfyUI's ways to fit another shape: stretching, or cutting at the centre. */
export const CROPS = ["disabled", "center"] as const;
/** One of them. */
export type Crop = (typeof CROPS)[number];

/** Python's `round`, which ComfyUI sizes things by: halves go to the even neighbour. */
export function roundHalfEven(n: number): number {
  const low = Math.floor(n);
  if (n - low !== 0.5) return Math.round(n);
  return low % 2 === 0 ? low : low + 1;
}

/** How much a centre crop to the shape of `width` × `height` takes off each side; at least one row and column stay. */
function margins(from: Layout, width: number, height: number): readonly [x: number, y: number] {
  const before = from.width / from.height;
  const after = width / height;
  const bounded = (margin: number, size: number): number => Math.min(roundHalfEven(margin), Math.floor((size - 1) / 2));
  if (before > after) return [bounded((from.width - from.width * (after / before)) / 2, from.width), 0];
  if (before < after) return [0, bounded((from.height - from.height * (before / after)) / 2, from.height)];
  return [0, 0];
}

function cropped(data: Float32Array, from: Layout, x: number, y: number): readonly [Float32Array, Layout] {
  if (x === 0 && y === 0) return [data, from];
  const to: Layout = { ...from, width: from.width - 2 * x, height: from.height - 2 * y };
  const row = to.width * to.inner;
  const result = new Float32Array(to.outer * to.height * row);
  for (let o = 0; o < to.outer; o++) {
    for (let r = 0; r < to.height; r++) {
      const start = ((o * from.height + r + y) * from.width + x) * from.inner;
      result.set(data.subarray(start, start + row), (o * to.height + r) * row);
    }
  }
  return [result, to];
}

function* separable(
  method: keyof typeof TAPS,
  input: Float32Array,
  from: Layout,
  height: number,
  width: number,
  output: Float32Array,
): Steps<void> {
  const { outer, inner } = from;
  const horizontal = TAPS[method](from.width, width);
  const vertical = TAPS[method](from.height, height);
  const rows = { outer: outer * from.height, n: from.width, inner };
  const wide = yield* applyTaps(input, newTensor(outer, from.height, width, inner).data, rows, horizontal);
  yield* applyTaps(wide, output, { outer, n: from.height, inner: width * inner }, vertical);
}

/**
 * Resizes planes [batch, channels, height, width], a latent or a mask, as ComfyUI's `common_upscale`: no antialiasing
 * except by `area` and `lanczos`; `lanczos` works on 8 bits, clamped to 0..1; `bislerp` turns each cell's vector of
 * channels. `center` first cuts the sides that do not fit the new shape. Throws before allocating over 4 GiB.
 */
export function resizePlanes(
  x: Tensor,
  width: number,
  height: number,
  method: ResizeMethod,
  crop: Crop = "disabled",
): Tensor {
  const [batch, channels, oldHeight, oldWidth] = planeDims(x);
  const result = newTensor(batch, channels, height, width);
  const whole: Layout = { outer: batch * channels, height: oldHeight, width: oldWidth, inner: 1 };
  const [dx, dy] = crop === "center" ? margins(whole, width, height) : [0, 0];
  const [data, from] = cropped(x.data, whole, dx, dy);
  if (method === "bislerp") {
    const rows = { batch, channels, outer: from.height, n: from.width, inner: 1 };
    const wide = bislerpAxis(data, newTensor(batch, channels, from.height, width).data, rows, width);
    bislerpAxis(wide, result.data, { batch, channels, outer: 1, n: from.height, inner: width }, height);
  } else if (method === "lanczos") finished(lanczos(data, from, height, width, result.data));
  else finished(separable(method, data, from, height, width, result.data));
  return result;
}

/**
 * Resizes images [batch, height, width, channels] as `resizePlanes` does planes. `lanczos` weights colours by an alpha,
 * the last of 2 or 4 channels.
 */
export function* resizedImage(
  image: Image,
  width: number,
  height: number,
  method: ImageResizeMethod,
  crop: Crop = "disabled",
): Steps<Image> {
  const [batch, oldHeight, oldWidth, channels] = imageDims(image);
  const result = newTensor(batch, height, width, channels);
  const whole: Layout = { outer: batch, height: oldHeight, width: oldWidth, inner: channels };
  const [dx, dy] = crop === "center" ? margins(whole, width, height) : [0, 0];
  const [data, from] = cropped(image.data, whole, dx, dy);
  if (method === "lanczos") yield* lanczos(data, from, height, width, result.data);
  else yield* separable(method, data, from, height, width, result.data);
  return result;
}

/** `resizedImage` at once. */
export const resizeImage = (
  image: Image,
  width: number,
  height: number,
  method: ImageResizeMethod,
  crop: Crop = "disabled",
): Image => finished(resizedImage(image, width, height, method, crop));
