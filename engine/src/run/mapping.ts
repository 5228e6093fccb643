import { assemble } from "./assemble.js";
import { type Blocker, block, isBlocker } from "./blocker.js";
import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import type { Awaitable } from "./node.js";
import type { Binding, Step } from "./step.js";

/** Where a step's values come from. */
export interface Sources {
  /** The values of an output of a step that is done. */
  readonly done: (from: string, slot: number) => readonly unknown[];
  /** The same of a step that need not have begun. */
  readonly later: (from: string, slot: number) => Promise<readonly unknown[]>;
}

/** Why a lazy input's promise rejects when a blocker arrives: the call must not go on, and its result is the blocker. */
class Blocked extends Error {
  override readonly name = "Blocked";
}

/**
 * The calls of one step, by ComfyUI's rules: one call per item of the longest list, shorter lists repeat their last
 * item, and an input that takes lists gets the whole in every call. An empty list means no call at all. (ComfyUI
 * fails there; empty results of a filter are no error.)
 */
export class Calls {
  readonly #step: Step;
  readonly #sources: Sources;
  /** The list of each binding, once it is known. */
  readonly #lists: (readonly unknown[] | undefined)[];
  #asked: Map<Binding, Promise<readonly unknown[]>> | undefined;

  constructor(step: Step, sources: Sources) {
    this.#step = step;
    this.#sources = sources;
    this.#lists = step.bindings.map(({ from, slot, input, value, items }) => {
      if (from === undefined) return items ?? [value];
      return input.lazy ? undefined : sources.done(from, slot);
    });
  }

  /** How many calls there are. It grows when a lazy input turns out to be a longer list. */
  get count(): number {
    const { bindings } = this.#step;
    let longest = 1;
    for (let i = 0; i < bindings.length; i++) {
      const { input } = bindings[i]!;
      const length = input.list ? 1 : (this.#lists[i]?.length ?? 1);
      if (length === 0 && !input.lazy) return 0;
      if (length > longest) longest = length;
    }
    return longest;
  }

  /** The inputs of one call, or what blocks it. `blocked` is told when a lazy input of the call turns out blocked. */
  inputs(index: number, blocked: (by: Blocker) => void): Record<string, unknown> | Blocker {
    const { bindings, definition } = this.#step;
    const { inputs, plain } = layoutOf(definition);
    const flat = plain ? undefined : new Map<string, unknown>();
    const shaped: Record<string, unknown> = {};
    for (let i = 0; i < bindings.length; i++) {
      const { name, input } = bindings[i]!;
      const value = input.lazy ? this.#lazy(i, index, blocked) : pick(this.#lists[i]!, index, input, name);
      if (isBlocker(value)) return value;
      if (flat) flat.set(name, value);
      else shaped[name] = value;
    }
    return flat ? assemble(inputs, flat) : shaped;
  }

  #lazy(i: number, index: number, blocked: (by: Blocker) => void): () => Promise<unknown> {
    const binding = this.#step.bindings[i]!;
    const { name, input } = binding;
    const ask = async () => {
      const list = this.#lists[i] ?? (await this.#read(binding));
      this.#lists[i] = list;
      const value = list.length === 0 && !input.list ? block() : pick(list, index, input, name);
      if (!isBlocker(value)) return value;
      blocked(value);
      throw new Blocked(`input ${name} is blocked`);
    };
    return () => {
      const answer = ask();
      // A node may ask and not wait; a rejection that nobody handles would end the process.
      answer.catch(() => {});
      return answer;
    };
  }

  #read(binding: Binding): Promise<readonly unknown[]> {
    this.#asked ??= new Map();
    const known = this.#asked.get(binding);
    if (known) return known;
    const list = this.#sources.later(binding.from!, binding.slot);
    this.#asked.set(binding, list);
    return list;
  }
}

/** The value of an input in one call: a blocker if there is one in it. */
function pick(values: readonly unknown[], index: number, input: InputDefinition, name: string): unknown {
  if (!input.list) return normalised(values[index < values.length ? index : values.length - 1], input, name);
  const blocker = values.find(isBlocker);
  if (blocker || input.type !== "INT") return blocker ?? values;
  return values.map((value) => normalised(value, input, name));
}

/** Integers arrive as the kind that the input declares, wherever they come from. */
function normalised(value: unknown, { type, bigint }: InputDefinition, name: string): unknown {
  if (type !== "INT") return value;
  if (bigint && typeof value === "number") {
    if (!Number.isInteger(value)) throw new RangeError(`input ${name} takes an integer, and ${value} arrived`);
    return BigInt(value);
  }
  if (!bigint && typeof value === "bigint") {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new RangeError(`input ${name} takes integers up to 2^53, and ${value} arrived`);
    return number;
  }
  return value;
}

/** Makes calls one after another; only if one of them is asynchronous is the whole. */
export function inTurn(count: () => number, call: (index: number) => Awaitable<void>): Awaitable<void> {
  for (let index = 0; index < count(); index++) {
    const pending = call(index);
    if (pending) return theRest(pending, index + 1, count, call);
  }
}

async function theRest(
  pending: Promise<void>,
  start: number,
  count: () => number,
  call: (index: number) => Awaitable<void>,
): Promise<void> {
  await pending;
  for (let index = start; index < count(); index++) await call(index);
}
