import { elements } from "../tensor.js";
import { STORED, type StoredType } from "./dtype.js";
import { type TensorEntry, WeightsError } from "./safetensors.js";

/** A tensor, or a view of one, that a graph may use as an initializer. The bytes stay in the file. */
export type WeightRef = TensorEntry;

/** What all views of one checkpoint share. */
interface Checkpoint {
  /** Tensors by name. A name need not be the file's key: who reads several layouts gives them one naming. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Those that were asked for. */
  readonly read: Set<TensorEntry>;
  readonly where: string;
  /** Child counts by prefix, made when first asked for. */
  counts?: ReadonlyMap<string, number>;
}

/**
 * A checkpoint's header seen from one key prefix. It reads no tensor data (ONNX Runtime maps the file itself), and it
 * remembers which keys were asked for, so that `unread()` after a build shows what a model missed.
 */
export class Weights {
  readonly #checkpoint: Checkpoint;
  readonly prefix: string;

  private constructor(checkpoint: Checkpoint, prefix: string) {
    this.#checkpoint = checkpoint;
    this.prefix = prefix;
  }

  /** All tensors of a file (`SafetensorsFile.tensors`) or of several (`mergeTensors`), under any names. */
  static from(entries: ReadonlyMap<string, TensorEntry>): Weights {
    const files = new Set(Array.from(entries.values(), (entry) => entry.file));
    const [first = "the checkpoint"] = files;
    const where = files.size > 1 ? `${first} and ${files.size - 1} more` : first;
    return new Weights({ entries, read: new Set(), where }, "");
  }

  /** The same weights one level down. */
  at(key: string | number): Weights {
    return new Weights(this.#checkpoint, `${this.prefix}${key}.`);
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.#checkpoint.entries.has(this.prefix + name);
  }

  /** A tensor's shape. Like `dtype`, it does not count as reading. Throws when the checkpoint lacks the tensor. */
  shape(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  /** A tensor's element type in the file. */
  dtype(name: string): StoredType {
    return this.#entry(name).dtype;
  }

  /** The tensor for `Graph.weight`; marks the key as read. Throws when the checkpoint lacks it. */
  tensor(name: string): WeightRef {
    const entry = this.#entry(name);
    this.#checkpoint.read.add(entry);
    return entry;
  }

  /** The tensor, if the checkpoint has it. */
  optional(name: string): WeightRef | undefined {
    return this.has(name) ? this.tensor(name) : undefined;
  }

  /** The same bytes under another shape, e.g. a 1×1 convolution as a linear layer. */
  reshaped(name: string, shape: readonly number[]): WeightRef {
    const entry = this.#entry(name);
    if (elements(shape) !== elements(entry.shape))
      throw this.#error(name, `[${entry.shape.join(", ")}] cannot be seen as [${shape.join(", ")}]`);
    return { ...this.tensor(name), shape };
  }

  /** How many numbered children there are: `blocks.0`, `blocks.1`, … give 2 for `blocks`. Gaps count. */
  count(key: string): number {
    this.#checkpoint.counts ??= childCounts(this.#checkpoint.entries.keys());
    return this.#checkpoint.counts.get(`${this.prefix}${key}`) ?? 0;
  }

  /** Names under this prefix, relative to it. */
  keys(): string[] {
    return this.#under().map(([name]) => name.slice(this.prefix.length));
  }

  /** The file's keys under this prefix that nothing asked for. */
  unread(): string[] {
    const left = this.#under().filter(([, entry]) => !this.#checkpoint.read.has(entry));
    return left.map(([, entry]) => entry.key);
  }

  #under(): [string, TensorEntry][] {
    return [...this.#checkpoint.entries].filter(([name]) => name.startsWith(this.prefix));
  }

  #entry(name: string): TensorEntry {
    const entry = this.#checkpoint.entries.get(this.prefix + name);
    if (!entry) throw this.#error(name, "the checkpoint has no such key");
    return entry;
  }

  #error(name: string, reason: string): WeightsError {
    const full = this.prefix + name;
    const { file, key } = this.#checkpoint.entries.get(full) ?? { file: this.#checkpoint.where, key: full };
    return new WeightsError(file, key, key === full ? reason : `${reason} (read as ${full})`);
  }
}

/** Rows `from` (inclusive) to `to` (exclusive) of a tensor's first axis, e.g. one of the three in a fused projection. */
export function rowsOf(ref: WeightRef, from: number, to: number): WeightRef {
  const [count = 0, ...rest] = ref.shape;
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= count))
    throw new WeightsError(
      ref.file,
      ref.key,
      `rows ${from} to ${to} asked for, its shape is [${ref.shape.join(", ")}]`,
    );
  const row = elements(rest) * STORED[ref.dtype].bytes;
  return { ...ref, shape: [to - from, ...rest], offset: ref.offset + from * row, length: (to - from) * row };
}

/** For every prefix with numbered children, one more than the highest number: one pass over all names. */
function childCounts(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names)
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const digits = /^\d{1,9}(?=\.|$)/.exec(name.slice(dot + 1, dot + 11))?.[0];
      if (digits === undefined) continue;
      const parent = name.slice(0, dot);
      counts.set(parent, Math.max(counts.get(parent) ?? 0, Number(digits) + 1));
    }
  return counts;
}
