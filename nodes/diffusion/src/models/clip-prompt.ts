import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import { loadTokenizer } from "../tokenizer/index.js";
import type { Piece } from "../tokenizer/prompt-pieces.js";
import { packWindows, type WeightedToken, type Window } from "../tokenizer/windows.js";
import { misfits, openReader, type Reader, readVectors } from "./clip-vectors.js";
import type { Clip } from "./descriptions.js";
import { checkIds, type EncodedText, type EncodeOptions, encodeWindows, windowShape } from "./encode-text.js";

/** A prompt as a CLIP value gives it. */
export interface EncodedPrompt extends EncodedText {
  /** What the user should know: embeddings that one of the encoders goes without. */
  readonly warnings: readonly string[];
}

/**
 * Encodes a prompt with each encoder of a CLIP value: their states stand side by side, and the last's pooled state
 * counts. Embeddings are given as the paths of their files; one that fits no encoder is an error that names the widths.
 */
export async function encodePrompt(
  inference: Inference,
  clip: Clip,
  pieces: readonly Piece<string>[],
  options: Pick<EncodeOptions, "signal"> = {},
): Promise<EncodedPrompt> {
  const paths = new Set(pieces.flatMap((piece) => ("embedding" in piece ? [piece.embedding] : [])));
  const readers = await Promise.all(clip.encoders.map((encoder) => openReader(clip, encoder, paths)));
  const warnings = misfits(readers);
  const encoded: EncodedText[] = [];
  for (const reader of readers) encoded.push(await encodeWith(inference, reader, pieces, options));
  const last = encoded.at(-1);
  if (!last) throw new Error("this CLIP has no text encoder");
  return { tokens: besides(encoded.map(({ tokens }) => tokens)), pooled: last.pooled, warnings };
}

/** Stands for a row that an encoder cannot take, until the windows are packed. */
const HOLE = -1;

async function encodeWith(
  inference: Inference,
  reader: Reader,
  pieces: readonly Piece<string>[],
  options: EncodeOptions,
): Promise<EncodedText> {
  const { encoder, width, embeddings } = reader;
  const tokenizer = await loadTokenizer(encoder);
  const { rows, firstId } = await readVectors(reader);
  const idsOf = (piece: Piece<string>): readonly number[] => {
    if ("text" in piece) return checkIds(tokenizer.encode(piece.text), encoder);
    const first = firstId.get(piece.embedding);
    const count = embeddings.get(piece.embedding)?.rows ?? 0;
    return Array.from({ length: count }, (_, row) => (first === undefined ? HOLE : first + row));
  };
  const groups = pieces.map((piece) => idsOf(piece).map((id): WeightedToken => ({ id, weight: piece.weight })));
  const windows = packWindows(groups, windowShape(encoder)).map((window) => withoutHoles(window, encoder.config.pad));
  const vectors = rows.length > 0 ? { vectors: { dims: [rows.length / width, width], data: rows } } : {};
  return encodeWindows(inference, encoder, windows, { ...options, ...vectors });
}

/** Closes up the holes of a window. Its weights keep their places, as in ComfyUI. */
function withoutHoles({ ids, weights }: Window, pad: number): Window {
  const left = ids.filter((id) => id !== HOLE);
  return { ids: [...left, ...new Array<number>(ids.length - left.length).fill(pad)], weights };
}

/**
 * Hidden states [1,Tᵢ,Dᵢ] side by side: [1,T,ΣDᵢ]. An embedding may have more rows for one encoder than for the other;
 * when that fills more windows, the last are left out, as in ComfyUI.
 */
function besides(states: readonly Tensor[]): Tensor {
  const [first] = states;
  if (first && states.length === 1) return first;
  const tokens = Math.min(...states.map(({ dims }) => dims[1] ?? 0));
  const widths = states.map(({ dims }) => dims[2] ?? 0);
  const width = widths.reduce((sum, n) => sum + n, 0);
  const data = new Float32Array(tokens * width);
  let offset = 0;
  for (const [i, { data: state }] of states.entries()) {
    const own = widths[i] ?? 0;
    for (let token = 0; token < tokens; token++)
      data.set(state.subarray(token * own, (token + 1) * own), token * width + offset);
    offset += own;
  }
  return { dims: [1, tokens, width], data };
}
