import { STORED, type StoredType } from "./dtype.js";
import { type TensorEntry, WeightsError } from "./safetensors.js";

/** A tensor, or a view of one, that a graph may use as an initializer. The bytes stay in the file. */
export type WeightRef = TensorEntry;

/** What all views of one checkpoint share. */
interface Checkpoint {
  /** Keys of the file that were asked for. */
  readonly read: Set<TensorEntry>;
  readonly where: string;
}

/** The names that a view knows. */
interface Names {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Tensors that a renaming left without a name. */
  readonly nameless: readonly TensorEntry[];
  /** The file's key that a name would have, where the renaming tells. */
  readonly original: (name: string) => string | undefined;
  /** Child counts by prefix, made when first asked for. */
  counts?: ReadonlyMap<string, number>;
}

/**
 * A checkpoint's header seen from one key prefix. It reads no tensor data (ONNX Runtime maps the file itself), and it
 * remembers which keys were asked for, so that `unread()` after a build shows what a model missed.
 */
export class Weights {
  readonly #checkpoint: Checkpoint;
  readonly #names: Names;
  readonly prefix: string;

  private constructor(checkpoint: Checkpoint, names: Names, prefix: string) {
    this.#checkpoint = checkpoint;
    this.#names = names;
    this.prefix = prefix;
  }

  /** All tensors of a file (`SafetensorsFile.tensors`) or of several (`mergeTensors`). */
  static from(entries: ReadonlyMap<string, TensorEntry>): Weights {
    const files = new Set(Array.from(entries.values(), (entry) => entry.file));
    const [first = "the checkpoint"] = files;
    const where = files.size > 1 ? `${first} and ${files.size - 1} more` : first;
    return new Weights({ read: new Set(), where }, { entries, nameless: [], original: () => undefined }, "");
  }

  /** The same weights one level down. */
  at(key: string | number): Weights {
    return new Weights(this.#checkpoint, this.#names, `${this.prefix}${key}.`);
  }

  has(name: string): boolean {
    return this.#names.entries.has(this.prefix + name);
  }

  shape(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  dtype(name: string): StoredType {
    return this.#entry(name).dtype;
  }

  /** The tensor for `Graph.weight`; marks the key as read. Throws when the checkpoint lacks it. */
  tensor(name: string): WeightRef {
    const entry = this.#entry(name);
    this.#checkpoint.read.add(entry);
    return entry;
  }

  optional(name: string): WeightRef | undefined {
    return this.has(name) ? this.tensor(name) : undefined;
  }

  /** Rows `from` (inclusive) to `to` (exclusive) of the first axis, e.g. one of the three in a fused projection. */
  rows(name: string, from: number, to: number): WeightRef {
    const { shape } = this.#entry(name);
    const [count = 0, ...rest] = shape;
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= count))
      throw this.#error(name, `rows ${from} to ${to} asked for, its shape is [${shape.join(", ")}]`);
    const entry = this.tensor(name);
    const row = rest.reduce((product, n) => product * n, STORED[entry.dtype].bytes);
    return { ...entry, shape: [to - from, ...rest], offset: entry.offset + from * row, length: (to - from) * row };
  }

  /** The same bytes under another shape, e.g. a 1×1 convolution as a linear layer. */
  reshaped(name: string, shape: readonly number[]): WeightRef {
    const entry = this.#entry(name);
    const count = (dims: readonly number[]) => dims.reduce((product, n) => product * n, 1);
    if (count(shape) !== count(entry.shape))
      throw this.#error(name, `[${entry.shape.join(", ")}] cannot be seen as [${shape.join(", ")}]`);
    return { ...this.tensor(name), shape };
  }

  /** How many numbered children there are: `blocks.0`, `blocks.1`, … give 2 for `blocks`. Gaps count. */
  count(key: string): number {
    this.#names.counts ??= childCounts(this.#names.entries.keys());
    return this.#names.counts.get(`${this.prefix}${key}`) ?? 0;
  }

  /** Names under this prefix, relative to it. */
  keys(): string[] {
    return this.#under().map(([name]) => name.slice(this.prefix.length));
  }

  /** The file's keys under this prefix that nothing asked for, those without a name after a renaming included. */
  unread(): string[] {
    const nameless = this.prefix === "" ? this.#names.nameless : [];
    return [...this.#under().map(([, entry]) => entry), ...nameless]
      .filter((entry) => !this.#checkpoint.read.has(entry))
      .map((entry) => entry.key);
  }

  /**
   * The same tensors under other names: foreign names are adapted here, at the door, and models know one layout.
   * Either a map from new name to old, or a function from old name to new (undefined: no name). Old names are
   * relative to this prefix, new names start at an empty one. Errors and `unread()` go on naming the file's keys.
   */
  renamed(names: ReadonlyMap<string, string> | ((old: string) => string | undefined)): Weights {
    const entries = new Map<string, TensorEntry>();
    const named = new Set<TensorEntry>();
    const name = (to: string, entry: TensorEntry) => {
      const other = entries.get(to);
      if (other) throw this.#error(entry.key, `both this and ${JSON.stringify(other.key)} would be named ${to}`);
      entries.set(to, entry);
      named.add(entry);
    };
    const own = this.#under();
    if (typeof names === "function") {
      for (const [old, entry] of own) {
        const to = names(old.slice(this.prefix.length));
        if (to !== undefined) name(to, entry);
      }
    } else {
      for (const [to, old] of names) {
        const entry = this.#names.entries.get(this.prefix + old);
        if (entry) name(to, entry);
      }
    }
    const original = (to: string) => {
      if (typeof names === "function") return undefined;
      const old = names.get(to);
      return old === undefined ? undefined : (this.#names.original(this.prefix + old) ?? this.prefix + old);
    };
    const nameless = own.map(([, entry]) => entry).filter((entry) => !named.has(entry));
    return new Weights(this.#checkpoint, { entries, nameless, original }, "");
  }

  #under(): [string, TensorEntry][] {
    return [...this.#names.entries].filter(([name]) => name.startsWith(this.prefix));
  }

  #entry(name: string): TensorEntry {
    const entry = this.#names.entries.get(this.prefix + name);
    if (!entry) throw this.#error(name, "the checkpoint has no such key");
    return entry;
  }

  #error(name: string, reason: string): WeightsError {
    const full = this.prefix + name;
    const entry = this.#names.entries.get(full);
    const key = entry?.key ?? this.#names.original(full);
    const note = key !== undefined && key !== full ? ` (read as ${full})` : "";
    return new WeightsError(entry?.file ?? this.#checkpoint.where, key ?? full, reason + note);
  }
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
