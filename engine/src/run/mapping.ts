import { assemble } from "./assemble.js";
import { type Blocker, block, isBlocker } from "./blocker.js";
import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import type { Task } from "./task.js";

/** Who sees to lazy inputs. */
export interface Asker {
  /** The values of an output of a task that need not have begun. */
  readonly ask: (source: Task, slot: number) => Promise<readonly unknown[]>;
  /** A lazy input of the call under way turned out blocked. */
  readonly blocked: (by: Blocker) => void;
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
  readonly #task: Task;
  readonly #asker: Asker;
  /** What lazy inputs were asked for, by the places of their bindings, and what came of it. */
  #asked: Map<number, Promise<readonly unknown[]>> | undefined;
  #answers: Map<number, readonly unknown[]> | undefined;

  constructor(task: Task, asker: Asker) {
    this.#task = task;
    this.#asker = asker;
  }

  /** How many calls there are. It grows when a lazy input turns out to be a longer list. */
  get count(): number {
    const { bindings } = this.#task.step;
    let longest = 1;
    for (let i = 0; i < bindings.length; i++) {
      const { input } = bindings[i]!;
      const length = input.list ? 1 : (this.#list(i)?.length ?? 1);
      if (length === 0 && !input.lazy) return 0;
      if (length > longest) longest = length;
    }
    return longest;
  }

  /** The inputs of one call, or what blocks it. */
  inputs(index: number): Record<string, unknown> | Blocker {
    const { bindings, definition } = this.#task.step;
    const { inputs, plain } = layoutOf(definition);
    const flat = plain ? undefined : new Map<string, unknown>();
    const shaped: Record<string, unknown> = {};
    for (let i = 0; i < bindings.length; i++) {
      const { name, input, value: literal } = bindings[i]!;
      const value = input.lazy ? this.#lazy(i, index) : pick(this.#list(i), literal, index, input, name);
      if (isBlocker(value)) return value;
      if (flat) flat.set(name, value);
      else shaped[name] = value;
    }
    return flat ? assemble(inputs, flat) : shaped;
  }

  /** What arrives at a binding, as far as it is known; nothing for a single literal. */
  #list(place: number): readonly unknown[] | undefined {
    const { input, slot, items } = this.#task.step.bindings[place]!;
    const source = this.#task.sources[place];
    if (!source) return items;
    return input.lazy ? this.#answers?.get(place) : source.outputs![slot]!;
  }

  #lazy(place: number, index: number): () => Promise<unknown> {
    const { name, input, value: literal } = this.#task.step.bindings[place]!;
    const ask = async () => {
      const list = this.#list(place) ?? (await this.#ask(place));
      const value = list?.length === 0 && !input.list ? block() : pick(list, literal, index, input, name);
      if (!isBlocker(value)) return value;
      this.#asker.blocked(value);
      throw new Blocked(`input ${name} is blocked`);
    };
    return () => {
      const answer = ask();
      // A node may ask and not wait; a rejection that nobody handles would end the process.
      answer.catch(() => {});
      return answer;
    };
  }

  async #ask(place: number): Promise<readonly unknown[] | undefined> {
    const source = this.#task.sources[place];
    if (!source) return undefined;
    this.#asked ??= new Map();
    const asked = this.#asked.get(place) ?? this.#asker.ask(source, this.#task.step.bindings[place]!.slot);
    this.#asked.set(place, asked);
    const list = await asked;
    this.#answers ??= new Map();
    this.#answers.set(place, list);
    return list;
  }
}

/** The value of an input in one call, out of the list that arrives or else a literal: a blocker if there is one in it. */
function pick(
  list: readonly unknown[] | undefined,
  literal: unknown,
  index: number,
  input: InputDefinition,
  name: string,
): unknown {
  if (!input.list) return normalised(list ? list[Math.min(index, list.length - 1)] : literal, input, name);
  const values = list ?? [literal];
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
