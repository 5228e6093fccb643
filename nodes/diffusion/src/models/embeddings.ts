import { posix } from "node:path";
import { readHeader, type SafetensorsFile, type TensorEntry, WeightsError } from "@mezzotint/engine/onnx";
import { readFloats } from "./read-floats.js";

/** Which of a textual inversion file's tensors an encoder reads, where files hold one for each of several encoders. */
export type EmbeddingKey = "clip_l" | "clip_g" | "clip_h";

/** A textual inversion for one text encoder: rows that take the places of tokens (Gal et al., 2022). */
export interface Embedding {
  readonly path: string;
  readonly rows: number;
  readonly width: number;
  /** The tensors that hold the rows, in order. */
  readonly tensors: readonly TensorEntry[];
}

/** Rows beyond what a prompt can hold would only cost memory. */
const MOST_ROWS = 4096;

/** What may follow a name in a prompt that leaves it out, in the order of preference. */
const ENDINGS = ["", ".safetensors", ".pt", ".bin"];
const PICKLE = /\.(pt|pt2|pth|bin|ckpt|pkl)$/i;

/**
 * The embedding that a prompt means by a name, among the names of the embeddings folders: with its sub-folder or
 * without, with its ending or without. A file that can be read goes before a pickle, a near folder before a deep one.
 */
export function findEmbedding(names: readonly string[], wanted: string): string | undefined {
  const name = posix.normalize(wanted.replaceAll("\\", "/"));
  const depth = (file: string) => file.split("/").length;
  const meant = ENDINGS.flatMap((ending, rank) =>
    names
      .filter((file) => file === name + ending || file.endsWith(`/${name}${ending}`))
      .map((file) => ({ file, order: [Number(PICKLE.test(file)), depth(file), rank] })),
  );
  meant.sort((a, b) => a.order.map((x, i) => x - (b.order[i] ?? 0)).find((x) => x !== 0) ?? 0);
  return meant[0]?.file;
}

/**
 * Opens a textual inversion file: `.safetensors` with the key `clip_l`, `clip_g` or `clip_h` for its encoder, with
 * `emb_params` or `string_to_param` (AUTOMATIC1111's), bundled as in a LoRA (`bundle_emb.*`), or with one tensor of any
 * name (diffusers'). Throws a `WeightsError` for anything else; pickles are refused.
 */
export async function openEmbedding(path: string, key: EmbeddingKey): Promise<Embedding> {
  const file = await readHeader(path);
  const tensors = tensorsFor(file, key);
  const shapes = tensors.map(shapeOf);
  const width = shapes[0]?.width ?? 0;
  const other = shapes.findIndex((shape) => shape.width !== width);
  if (other >= 0)
    throw new WeightsError(path, tensors[other]?.key, `its rows are ${shapes[other]?.width} wide, others ${width}`);
  const rows = shapes.reduce((sum, shape) => sum + shape.rows, 0);
  if (rows > MOST_ROWS)
    throw new WeightsError(path, undefined, `an embedding of ${rows} rows: at most ${MOST_ROWS} are read`);
  return { path, rows, width, tensors };
}

/** Reads an embedding's rows: [rows, width], row-major. */
export async function readRows({ path, rows, width, tensors }: Embedding): Promise<Float32Array> {
  const data = new Float32Array(rows * width);
  let at = 0;
  for (const entry of tensors) {
    const values = await readFloats(entry);
    if (!values)
      throw new WeightsError(path, entry.key, `its type is ${entry.dtype}; F16, BF16, F32 and F64 can be read`);
    data.set(values, at);
    at += values.length;
  }
  return data;
}

function tensorsFor({ path, tensors }: SafetensorsFile, key: EmbeddingKey): readonly TensorEntry[] {
  const all = [...tensors.values()];
  const like = (pattern: RegExp) => all.filter((entry) => pattern.test(entry.key));
  const candidates = [
    like(/^string_to_param(\.|$)/).slice(0, 1),
    like(new RegExp(`^${key}$`)),
    like(/^emb_params$/),
    like(/^bundle_emb\..*\.string_to_param\.\*$/),
    like(new RegExp(`^bundle_emb\\..*\\.${key}$`)),
    all.length === 1 ? all : [],
  ];
  const found = candidates.find((entries) => entries.length > 0);
  if (found) return found;
  const keys = all.slice(0, 4).map((entry) => JSON.stringify(entry.key.slice(0, 80)));
  throw new WeightsError(
    path,
    undefined,
    `no textual inversion for this text encoder: it must have ${key}, emb_params or a single tensor, it has ${
      keys.length === 0
        ? "none"
        : `${keys.join(", ")}${all.length > keys.length ? ` and ${all.length - keys.length} more` : ""}`
    }`,
  );
}

/** Rows [n, width], or one row [width]. */
function shapeOf({ file, key, shape }: TensorEntry): { rows: number; width: number } {
  const [rows, width] = shape.length === 1 ? [1, shape[0]] : shape;
  if (shape.length > 2 || !rows || !width)
    throw new WeightsError(file, key, `its shape is [${shape.join(", ")}], an embedding's is [rows, width]`);
  return { rows, width };
}
