import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
import { imageDims, newTensor } from "./allocate.js";
import { withChannels } from "./channels.js";
import { resizedImage } from "./resize.js";

/** The curve that W3C's soft light lightens with. */
const lightened = (x: number): number => (x <= 0.25 ? ((16 * x - 12) * x + 4) * x : Math.sqrt(x));

/** How two values mix, in the order of ComfyUI's menu: W3C's blend modes, except that `difference` keeps its sign. */
const MODES = {
  normal: (_: number, b: number): number => b,
  multiply: (a: number, b: number): number => a * b,
  screen: (a: number, b: number): number => 1 - (1 - a) * (1 - b),
  overlay: (a: number, b: number): number => (a <= 0.5 ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b)),
  soft_light: (a: number, b: number): number =>
    b <= 0.5 ? a - (1 - 2 * b) * a * (1 - a) : a + (2 * b - 1) * (lightened(a) - a),
  difference: (a: number, b: number): number => a - b,
};

/** A way to mix two pictures. */
export type BlendMode = keyof typeof MODES;
/** All of them, in the order of ComfyUI's menu. */
export const BLEND_MODES = Object.keys(MODES) as [BlendMode, ...BlendMode[]];

function mixRow(
  under: Float32Array,
  over: Float32Array,
  result: Float32Array,
  factor: number,
  mix: (a: number, b: number) => number,
): void {
  for (let i = 0; i < result.length; i++) {
    const from = under[i] as number;
    const to = mix(from, over[i] as number);
    result[i] = Math.min(Math.max(from * (1 - factor) + to * factor, 0), 1);
  }
}

/**
 * Mixes two batches: `factor` 0 is the first, 1 the blend. The second is given the first's channels and size (bicubic,
 * cut at the centre); the shorter batch is repeated. Clamped to 0..1.
 */
export function* blended(first: Image, second: Image, factor: number, mode: BlendMode): Steps<Image> {
  const [batch1, height, width, channels] = imageDims(first);
  const [batch2, height2, width2] = imageDims(second);
  const alike = withChannels(second, channels);
  const fits = height === height2 && width === width2;
  const other = fits ? alike : yield* resizedImage(alike, width, height, "bicubic", "center");
  const result = newTensor(Math.max(batch1, batch2), height, width, channels);
  const row = width * channels;
  const rowOf = (data: Float32Array, start: number): Float32Array => data.subarray(start, start + row);
  for (let start = 0; start < result.data.length; start += row) {
    const under = rowOf(first.data, start % first.data.length);
    const over = rowOf(other.data, start % other.data.length);
    mixRow(under, over, rowOf(result.data, start), factor, MODES[mode]);
    yield;
  }
  return result;
}
