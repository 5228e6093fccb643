import type { Steps } from "../steps.js";
import { newTensor } from "./allocate.js";
import { resizedBytes } from "./pillow.js";

/** Data seen as [outer, height, width, inner]: `inner` is the channels of an image, or 1 for planes. */
export interface Layout {
  readonly outer: number;
  readonly height: number;
  readonly width: number;
  readonly inner: number;
}

/** Values of 0 to 1 as whole numbers of 0 to 255, cut, not rounded; what is not a number becomes 0. */
function toBytes(values: Float32Array, bytes: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    bytes[i] = Math.trunc(Math.min(Math.max(Math.fround((values[i] as number) * 255), 0), 255)) || 0;
  }
}

/** Bytes as values of 0 to 1. */
function fromBytes(bytes: Float32Array, values: Float32Array): void {
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] as number) / 255;
}

/** How many values are turned into bytes, or back, in one step. */
const PART = 2 ** 18;

function* inParts(turn: typeof toBytes, from: Float32Array, to: Float32Array): Steps<Float32Array> {
  for (let start = 0; start < from.length; start += PART) {
    turn(from.subarray(start, start + PART), to.subarray(start, start + PART));
    yield;
  }
  return to;
}

/** ComfyUI's `lanczos`: Pillow's, of bytes, so that the result is multiples of 1/255. `output` is filled. */
export function* lanczos(
  input: Float32Array,
  from: Layout,
  height: number,
  width: number,
  output: Float32Array,
): Steps<void> {
  const bytes = yield* inParts(toBytes, input, newTensor(input.length).data);
  const resized = yield* resizedBytes(bytes, from, height, width, "lanczos");
  yield* inParts(fromBytes, resized, output);
}
