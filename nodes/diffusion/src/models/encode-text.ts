import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import type { TextEncoder } from "./descriptions.js";
import { clipSession } from "./sessions.js";

/** What a text encoder makes of a text. */
export interface EncodedText {
  /** Hidden states of all windows, one after the other: [1, windows × 77, width]. */
  readonly tokens: Tensor;
  /** The first window's pooled state: [1, width]. */
  readonly pooled: Tensor;
}

/** Texts of more windows are refused: each costs a run's time, and attention to it in every step. */
const MAX_WINDOWS = 256;

/**
 * Cuts tokens (without start and end) into windows that an encoder reads at once: start, tokens, end, padding. A text
 * without tokens is one window.
 */
export function windowsOf(
  tokens: readonly number[],
  { config, size }: Pick<TextEncoder, "config" | "size">,
): number[][] {
  const room = size.positions - 2;
  const windows: number[][] = [];
  for (let start = 0; start === 0 || start < tokens.length; start += room) {
    const window = [config.bos, ...tokens.slice(start, start + room), config.eos];
    while (window.length < size.positions) window.push(config.pad);
    windows.push(window);
  }
  return windows;
}

/** Encodes tokens (without start and end), window by window. */
export async function encodeTokens(
  inference: Inference,
  encoder: TextEncoder,
  tokens: readonly number[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<EncodedText> {
  const { vocabulary, positions } = encoder.size;
  const windows = windowsOf(tokens, encoder);
  if (windows.length > MAX_WINDOWS)
    throw new Error(
      `the text has ${tokens.length} tokens, at most ${MAX_WINDOWS * (positions - 2)} are encoded: shorten it`,
    );
  const ids = Int32Array.from(windows.flat());
  const strange = ids.find((id) => id < 0 || id >= vocabulary);
  if (strange !== undefined)
    throw new Error(
      `token ${strange} is not among the ${vocabulary} of ${encoder.weights.files[0]}: it needs the tokenizer that it was trained with`,
    );
  const { outputs } = await inference.run(
    await clipSession(encoder),
    {
      ids: { dims: [windows.length, positions], data: ids },
      layer: { dims: [1], data: Int32Array.of(encoder.layer) },
    },
    options,
  );
  const states = outputs[encoder.norm ? "normed" : "hidden"] as Tensor;
  const pooled = outputs.pooled as Tensor;
  const width = states.dims[2] ?? 0;
  const pooledWidth = pooled.dims[1] ?? 0;
  return {
    tokens: { dims: [1, windows.length * positions, width], data: states.data },
    pooled: { dims: [1, pooledWidth], data: pooled.data.slice(0, pooledWidth) },
  };
}
