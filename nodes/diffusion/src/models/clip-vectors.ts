import { WeightsError } from "@mezzotint/engine/onnx";
import type { Clip, TextEncoder } from "./descriptions.js";
import { type Embedding, type EmbeddingKey, openEmbedding, readRows } from "./embeddings.js";
import { embeddingWidth } from "./encode-text.js";

/** A text encoder, and the embeddings that a prompt names as they are for it. */
export interface Reader {
  readonly encoder: TextEncoder;
  /** Of its token embeddings. */
  readonly width: number;
  /** By the paths of their files. */
  readonly embeddings: ReadonlyMap<string, Embedding>;
}

/** Opens embeddings for one of the encoders of a CLIP value. */
export async function openReader(clip: Clip, encoder: TextEncoder, paths: Iterable<string>): Promise<Reader> {
  const embeddings = new Map<string, Embedding>();
  for (const path of paths) embeddings.set(path, await openEmbedding(path, keyOf(clip, encoder)));
  return { encoder, width: await embeddingWidth(encoder), embeddings };
}

/** SDXL has L and G, in this order. An encoder that stands alone is told by its layers: G has 32, SD2's H 24, L 12. */
function keyOf({ encoders }: Clip, encoder: TextEncoder): EmbeddingKey {
  if (encoders.length > 1) return encoder === encoders[0] ? "clip_l" : "clip_g";
  const { layers } = encoder.size;
  return layers > 30 ? "clip_g" : layers > 22 ? "clip_h" : "clip_l";
}

/**
 * Warns of embeddings that one of two encoders must go without because of their width: those for SD1 in SDXL. One that
 * fits none is an error.
 */
export function misfits(readers: readonly Reader[]): string[] {
  const warnings: string[] = [];
  for (const path of readers[0]?.embeddings.keys() ?? []) {
    const reasons = readers.flatMap(({ width, embeddings }) => {
      const found = embeddings.get(path)?.width;
      return found === width ? [] : [`its rows are ${found} wide, the text encoder's are ${width}`];
    });
    if (reasons.length === readers.length)
      throw new WeightsError(path, undefined, `${reasons.join("; ")}: it was made for another kind of model`);
    for (const reason of reasons) warnings.push(`${path}: ${reason}; that encoder goes without it`);
  }
  return warnings;
}

/** Rows of the embeddings that fit a reader, and the ids that stand for them: [rows, width], none if it has none. */
export interface Vectors {
  readonly rows: Float32Array;
  readonly firstId: ReadonlyMap<string, number>;
}

/** Reads the rows of all embeddings that fit. Their ids follow the vocabulary. */
export async function readVectors({ encoder, width, embeddings }: Reader): Promise<Vectors> {
  const fitting = [...embeddings.values()].filter((embedding) => embedding.width === width);
  const rows = new Float32Array(fitting.reduce((sum, embedding) => sum + embedding.rows * width, 0));
  const firstId = new Map<string, number>();
  let row = 0;
  for (const embedding of fitting) {
    firstId.set(embedding.path, encoder.size.vocabulary + row);
    rows.set(await readRows(embedding), row * width);
    row += embedding.rows;
  }
  return { rows, firstId };
}
