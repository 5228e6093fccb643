import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { elements } from "@mezzotint/engine";
import { type StoredTensor, writeSafetensors } from "@mezzotint/engine/onnx";
import type { Shapes } from "./network-shapes.js";

/** Reproducible numbers in (-1, 1). */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Values in row-major order with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Random values for a network: scaled so that signals keep their size, norms near 1. */
export function randomWeights(shapes: Shapes, seed = 1): Map<string, Values> {
  let count = seed * 1000;
  const filled = [...shapes].map(([key, shape]): [string, Values] => {
    const data = numbers(elements(shape), count++);
    const scale = shape.length > 1 ? Math.sqrt(3 / elements(shape.slice(1))) : 0.2;
    const offset = shape.length === 1 && key.endsWith("weight") ? 1 : 0;
    return [key, { shape, data: data.map((x) => x * scale + offset) }];
  });
  return new Map(filled);
}

/** Writes float32 tensors as a `.safetensors` file, making its folder. */
export async function writeWeights(path: string, weights: Iterable<readonly [string, Values]>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const tensors = Array.from(weights, ([key, { shape, data }]): [string, StoredTensor] => [
    key,
    { dtype: "F32", shape, data },
  ]);
  await writeSafetensors(path, Object.fromEntries(tensors));
}
