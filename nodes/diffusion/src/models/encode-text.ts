import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import { packWindows, type Window, type WindowShape } from "../tokenizer/windows.js";
import type { TextEncoder } from "./descriptions.js";
import { clipSession } from "./sessions.js";

/** What a text encoder makes of a text. */
export interface EncodedText {
  /** Hidden states of all windows, one after the other: [1, windows × 77, width]. */
  readonly tokens: Tensor;
  /** The first window's pooled state: [1, width]. */
  readonly pooled: Tensor;
}

/** What a run may be given besides its text. */
export interface EncodeOptions {
  readonly signal?: AbortSignal;
  /** Rows [V, width] that ids beyond the vocabulary stand for, counted from its size. */
  readonly vectors?: Tensor;
}

/** The windows of an encoder. */
export const windowShape = ({ config, size }: Pick<TextEncoder, "config" | "size">): WindowShape => ({
  ...config,
  length: size.positions,
});

/** The width of an encoder's token embeddings, as its weights have it. */
export async function embeddingWidth(encoder: TextEncoder): Promise<number> {
  const { inputs } = await clipSession(encoder);
  return Number(inputs.find(({ name }) => name === "vectors")?.dims?.[1]);
}

/** Encodes tokens (without start and end) of plain text, window by window. */
export async function encodeTokens(
  inference: Inference,
  encoder: TextEncoder,
  tokens: readonly number[],
  options: EncodeOptions = {},
): Promise<EncodedText> {
  const windows = packWindows([checkIds(tokens, encoder).map((id) => ({ id, weight: 1 }))], windowShape(encoder));
  return encodeWindows(inference, encoder, windows, options);
}

/**
 * Encodes windows, and moves the state of each token whose weight w is not 1 away from or towards that of an empty
 * text: (z - z_empty) · w + z_empty, as ComfyUI does.
 */
export async function encodeWindows(
  inference: Inference,
  encoder: TextEncoder,
  windows: readonly Window[],
  { vectors, ...options }: EncodeOptions = {},
): Promise<EncodedText> {
  const { positions } = encoder.size;
  const weighted = windows.some(({ weights }) => weights.some((weight) => weight !== 1));
  const batch = weighted ? [...windows, ...packWindows([], windowShape(encoder))] : windows;
  const ids = Int32Array.from(batch.flatMap(({ ids }) => ids));
  const { outputs } = await inference.run(
    await clipSession(encoder),
    {
      ids: { dims: [batch.length, positions], data: ids },
      vectors: vectors ?? (await noVectors(encoder)),
      layer: { dims: [1], data: Int32Array.of(encoder.layer) },
    },
    options,
  );
  const states = outputs[encoder.norm ? "normed" : "hidden"] as Tensor;
  const pooled = outputs.pooled as Tensor;
  const width = states.dims[2] ?? 0;
  const pooledWidth = pooled.dims[1] ?? 0;
  const count = windows.length * positions;
  const data = states.data.slice(0, count * width);
  if (weighted) weigh(data, states.data.subarray(count * width), windows);
  return {
    tokens: { dims: [1, count, width], data },
    pooled: { dims: [1, pooledWidth], data: pooled.data.slice(0, pooledWidth) },
  };
}

/** Weighs states [windows × positions, width] in place, against those of an empty window [positions, width]. */
function weigh(states: Float32Array, empty: Float32Array, windows: readonly Window[]): void {
  const positions = windows[0]?.ids.length ?? 1;
  const width = empty.length / positions;
  for (const [i, weight] of windows.flatMap(({ weights }) => weights).entries()) {
    if (weight === 1) continue;
    const place = i % positions;
    for (let j = 0; j < width; j++) {
      const nothing = empty[place * width + j] as number;
      const at = i * width + j;
      states[at] = Math.fround((states[at] as number) - nothing) * Math.fround(weight) + nothing;
    }
  }
}

/** What an encoder is fed when no id is beyond its vocabulary: a row that nothing looks up. */
async function noVectors(encoder: TextEncoder): Promise<Tensor> {
  const width = await embeddingWidth(encoder);
  return { dims: [1, width], data: new Float32Array(width) };
}

/** Tokens that the encoder knows. Throws for any other: what is beyond its vocabulary are rows of embeddings. */
export function checkIds(ids: readonly number[], { size, weights }: TextEncoder): readonly number[] {
  const strange = ids.find((id) => id < 0 || id >= size.vocabulary);
  if (strange === undefined) return ids;
  throw new Error(
    `token ${strange} is not among the ${size.vocabulary} of ${weights.files[0]}: it needs the tokenizer that it was trained with`,
  );
}
