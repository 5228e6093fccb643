import type { TensorEntry } from "@mezzotint/engine/onnx";
import type { Naming } from "./naming.js";

/** How ComfyUI calls the two halves where one file holds both. */
const ENCODER = "taesd_encoder.";
const DECODER = "taesd_decoder.";

/**
 * Names of tiny autoencoders in the original layout: the layers of each half are numbered in one row. The decoder's
 * first is a function without weights, which diffusers does not count.
 */
export const originalTaesd: Naming = (key) => {
  const match = /^taesd_(en|de)coder\.(\d{1,3})\.(.+)$/.exec(key);
  if (!match) return [];
  const [, side, index, rest] = match;
  return [{ name: `${side}coder.layers.${Number(index) - (side === "de" ? 1 : 0)}.${rest}` }];
};

/**
 * The tensors of a file that holds one half only (`taesd_encoder.safetensors`, `taesd_decoder.safetensors`), named as
 * where both are in one file: the two files' own keys are the same numbers. Tensors of other files stay as they are.
 */
export function namedHalf(tensors: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, TensorEntry> {
  const half = halfOf(tensors);
  return half === undefined ? tensors : new Map([...tensors].map(([key, entry]) => [half + key, entry]));
}

/** An encoder starts with a convolution and a block; before the decoder's two stand its function and a ReLU. */
function halfOf(keys: { has: (key: string) => boolean }): string | undefined {
  if (keys.has("0.weight") && keys.has("1.conv.0.weight")) return ENCODER;
  if (keys.has("1.weight") && keys.has("3.conv.0.weight")) return DECODER;
  return undefined;
}
