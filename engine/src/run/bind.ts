import { isConstant } from "./expansion.js";
import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import { checkLink } from "./link.js";
import { readLiteral, Unfit } from "./literal.js";
import type { NodeDefinition } from "./node.js";
import { type Problem, problem, shown } from "./problems.js";
import type { PromptNode } from "./prompt.js";
import { type Binding, nameOf, type Step, titleOf } from "./step.js";

/** What binding needs to know of the rest of the graph. */
export interface Surroundings {
  /** The definition of a linked node: `undefined` if there is no such node, `null` if its type is unknown. */
  readonly definition: (id: string) => NodeDefinition | null | undefined;
  /** The id that a link's node has in the graph; for expansions, whose links may be relative. */
  readonly resolve?: (id: string) => string;
  /** What a constant that came out of an expansion stands for, if it is a list. */
  readonly items?: (constant: object) => readonly unknown[] | undefined;
}

/** A node call with its inputs read. */
export interface Bound {
  readonly step: Step;
  readonly problems: readonly Problem[];
  /** The nodes that it is linked to, also by links that are not in order. */
  readonly sources: readonly string[];
}

/** Reads the inputs of one node call by its definition. Inputs that the definition does not name are ignored, as in ComfyUI. */
export function bind(id: string, call: PromptNode, definition: NodeDefinition, around: Surroundings): Bound {
  const { inputs, plain } = layoutOf(definition);
  const binder = new Binder(id, call, around, inputs.length);
  if (plain) for (const [name, input] of inputs) binder.one(name, input);
  else binder.all(inputs, "");
  const { bindings, problems, sources } = binder;
  return { step: { id, definition, call, bindings }, problems, sources };
}

const NO_PROBLEMS: readonly Problem[] = [];
const NO_SOURCES: readonly string[] = [];
const NONE: Readonly<Record<string, unknown>> = {};

class Binder {
  readonly #bindings: Binding[];
  #count = 0;
  #problems: Problem[] | undefined;
  #sources: string[] | undefined;
  readonly #id: string;
  readonly #call: PromptNode;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #around: Surroundings;

  /** `room`: how many inputs there mostly are. An array that grows is given room for 16 more than it has. */
  constructor(id: string, call: PromptNode, around: Surroundings, room: number) {
    this.#bindings = new Array(room);
    this.#id = id;
    this.#call = call;
    this.#around = around;
    const given: unknown = call.inputs ?? NONE;
    const usable = typeof given === "object" && !Array.isArray(given);
    this.#given = usable ? (given as Record<string, unknown>) : NONE;
    if (!usable) this.#refuse("inputs", undefined, NO_OBJECT, given);
  }

  get bindings(): readonly Binding[] {
    this.#bindings.length = this.#count;
    return this.#bindings;
  }

  get problems(): readonly Problem[] {
    return this.#problems ?? NO_PROBLEMS;
  }

  get sources(): readonly string[] {
    return this.#sources ?? NO_SOURCES;
  }

  /** Reads inputs that may be groups. */
  all(inputs: readonly (readonly [string, InputDefinition])[], prefix: string): void {
    for (const [name, input] of inputs) {
      if (input.grow) this.#grown(prefix + name, input, input.grow);
      else if (input.branches) this.#branched(prefix + name, input, input.branches);
      else this.one(prefix + name, input);
    }
  }

  /** Reads one input by its name in the prompt. */
  one(name: string, input: InputDefinition): void {
    const raw = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
    if (raw === undefined || (raw === null && input.optional)) {
      if (!input.optional) this.#refuse(name, input, MISSING);
    } else if (Array.isArray(raw)) {
      this.#linked(name, input, raw);
    } else if (isConstant(raw)) {
      const { value, key } = raw;
      this.#push({ name, input, from: undefined, slot: 0, value, key, items: this.#around.items?.(raw) });
    } else {
      const value = readLiteral(raw, input);
      if (value instanceof Unfit) this.#refuse(name, input, value, raw);
      else this.#push({ name, input, from: undefined, slot: 0, value });
    }
  }

  #push(binding: Binding): void {
    this.#bindings[this.#count++] = binding;
  }

  #linked(name: string, input: InputDefinition, raw: readonly unknown[]): void {
    const [node, slot] = raw;
    const { resolve, definition } = this.#around;
    const from = typeof node === "string" && raw.length === 2 ? (resolve?.(node) ?? node) : undefined;
    const source = from === undefined ? undefined : definition(from);
    if (from !== undefined && source !== undefined) {
      if (this.#sources) this.#sources.push(from);
      else this.#sources = [from];
    }
    const unfit = checkLink(raw, source, input);
    if (unfit) this.#refuse(name, input, unfit, raw);
    else if (source) this.#push({ name, input, from, slot: slot as number, value: undefined });
  }

  #grown(name: string, input: InputDefinition, { prefix, min, max }: NonNullable<InputDefinition["grow"]>): void {
    const start = `${name}.${prefix}`;
    const places: number[] = [];
    for (const key of Object.keys(this.#given)) {
      if (!key.startsWith(start) || !/^\d+$/.test(key.slice(start.length))) continue;
      const place = Number(key.slice(start.length));
      if (place < max && start + place === key) places.push(place);
      else
        this.#refuse(key, input, new Unfit("invalid_dynamic_input", `there are only ${start}0 to ${start}${max - 1}`));
    }
    for (const place of places.sort((a, b) => a - b)) this.one(start + place, input);
    for (let place = 0; place < min && !input.optional; place++) {
      if (!Object.hasOwn(this.#given, start + place)) this.#refuse(start + place, input, MISSING);
    }
  }

  #branched(name: string, input: InputDefinition, branches: NonNullable<InputDefinition["branches"]>): void {
    const raw = Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
    if (Array.isArray(raw)) {
      this.#refuse(name, input, CHOSEN_BY_LINK, raw);
      return;
    }
    const before = this.#count;
    this.one(name, input);
    const chosen = this.#bindings[before]?.value;
    if (typeof chosen === "string" && Object.hasOwn(branches, chosen))
      this.all(Object.entries(branches[chosen]!), `${name}.`);
  }

  #refuse(name: string, input: InputDefinition | undefined, { type, reason, extra }: Unfit, found?: unknown): void {
    const title = titleOf(this.#call);
    this.#problems ??= [];
    this.#problems.push(
      problem(type, `${nameOf(this.#id, this.#call)}, input ${name}: ${reason}`, {
        node_id: this.#id,
        ...(title === undefined ? {} : { node_title: title }),
        input_name: name,
        input_config: input ? configOf(input) : null,
        ...(found === undefined ? {} : { received_value: excerpt(found) }),
        ...extra,
      }),
    );
  }
}

const MISSING = new Unfit("required_input_missing", "it is required, and nothing is given");
const NO_OBJECT = new Unfit("invalid_input_type", "the inputs are no object of values by name");
const CHOSEN_BY_LINK = new Unfit(
  "invalid_dynamic_input",
  "it decides which other inputs there are, so it cannot come from a link",
);

/** ComfyUI's pair of type and options; long lists of choices are left out, as it does. */
function configOf({ type, choices, options }: InputDefinition): unknown {
  if (choices && choices.length > 20) return null;
  return [choices ?? type, options ?? {}];
}

/** A value for the report: as it is if it is small. */
function excerpt(value: unknown): unknown {
  if (typeof value === "string") return value.length > 100 ? shown(value) : value;
  if (typeof value === "number") return Number.isFinite(value) ? value : shown(value);
  return typeof value === "boolean" || value === null ? value : shown(value);
}
