import type { InputDefinition } from "../run/inputs.js";
import type { NodeDefinition } from "../run/node.js";
import { shown } from "../run/problems.js";
import { guessValues } from "./guess.js";
import { linkTo, originOf } from "./origin.js";
import { overridesOf } from "./promoted.js";
import { own, put } from "./records.js";
import { type Scope, tell } from "./scope.js";
import { type Remark, storedValues } from "./stored.js";
import type { InputView, NodeView } from "./view.js";
import { defaultOf, fits } from "./widgets.js";

/** One input of a node that is emitted, with what fills it. */
export interface Filled {
  readonly name: string;
  readonly value: unknown;
  /** Whether `value` is a link. */
  readonly linked: boolean;
  /** What the class says of it, if the class is known. */
  readonly input: InputDefinition | undefined;
}

/** What fills the inputs of a node that runs: links, values kept elsewhere, its own values, defaults, in this order. */
export function filledInputs(scope: Scope, node: NodeView): readonly Filled[] {
  const definition = scope.unfolding.classes.get(node.type);
  return definition ? new KnownClass(scope, node, definition).fill() : unknownClass(scope, node);
}

/** An input named twice is the first of the two. */
function inputsByName(node: NodeView): ReadonlyMap<string, InputView> {
  const inputs = new Map<string, InputView>();
  for (const input of node.inputs) if (!inputs.has(input.name)) inputs.set(input.name, input);
  return inputs;
}

/** A node whose class says which inputs there are, and in which order its values are stored. */
class KnownClass {
  readonly #scope: Scope;
  readonly #node: NodeView;
  readonly #definition: NodeDefinition;
  readonly #stored: ReadonlyMap<string, unknown>;
  readonly #overrides: ReadonlyMap<string, unknown> | undefined;
  readonly #inputs: ReadonlyMap<string, InputView>;
  readonly #say: (remark: Remark) => void;
  readonly #filled = new Map<string, Filled>();

  constructor(scope: Scope, node: NodeView, definition: NodeDefinition) {
    this.#scope = scope;
    this.#node = node;
    this.#definition = definition;
    this.#say = (remark) => tell(scope, node, remark);
    const { values, remarks } = storedValues(node, definition);
    for (const remark of remarks) this.#say(remark);
    this.#stored = values;
    this.#overrides = overridesOf(scope, node);
    this.#inputs = inputsByName(node);
  }

  fill(): readonly Filled[] {
    this.#all(this.#definition.inputs, "");
    for (const [name, input] of this.#inputs) {
      const link = this.#filled.has(name) || input.link === undefined ? undefined : this.#origin(input);
      if (link?.kind !== "output") continue;
      this.#say({ severity: "note", code: "unknown-input", message: "its class has no such input", input: name });
      this.#put(name, linkTo(link), true, undefined);
    }
    return [...this.#filled.values()];
  }

  #all(inputs: NodeDefinition["inputs"], prefix: string): void {
    for (const [last, input] of Object.entries(inputs)) {
      const name = prefix + last;
      if (input.hidden) continue;
      if (input.grow) this.#grown(`${name}.`, input);
      else this.#one(name, input);
      const chosen = input.branches && this.#filled.get(name);
      if (chosen && typeof chosen.value === "string" && Object.hasOwn(input.branches!, chosen.value))
        this.#all(input.branches![chosen.value]!, `${name}.`);
    }
  }

  /** A group that grows has the inputs that the file says. */
  #grown(prefix: string, input: InputDefinition): void {
    for (const name of this.#inputs.keys()) if (name.startsWith(prefix)) this.#one(name, input);
  }

  #one(name: string, input: InputDefinition): void {
    const view = this.#inputs.get(name);
    const origin = view && this.#origin(view);
    if (origin?.kind === "output") {
      this.#put(name, linkTo(origin), true, input);
      return;
    }
    const taken =
      this.#take(name, input, origin?.value, "the value that feeds it") ||
      this.#take(name, input, this.#overrides?.get(name), "the value that the subgraph's node keeps for it") ||
      this.#take(name, input, this.#stored.get(name), "its stored value");
    if (!taken) this.#default(name, input, view);
  }

  #origin(view: InputView) {
    return view.link === undefined ? undefined : originOf(this.#scope, this.#node, view);
  }

  #take(name: string, input: InputDefinition, value: unknown, what: string): boolean {
    if (value === undefined || value === null) return false;
    if (fits(value, input)) {
      this.#put(name, value, false, input);
      return true;
    }
    const message = `${what} is ${shown(value)}, but it takes ${input.choices ? "one of its choices" : input.type}; that is left out`;
    this.#say({ severity: "warning", code: "unfit-value", message, input: name });
    return false;
  }

  #default(name: string, input: InputDefinition, view: InputView | undefined): void {
    const value = defaultOf(input);
    if (value === undefined) {
      if (!view?.link || !this.#scope.graph.links.has(view.link)) return;
      const message = "what feeds it does not run: it is muted, or nothing feeds it in turn";
      this.#say({ severity: input.optional ? "note" : "warning", code: "unfed", message, input: name });
      return;
    }
    const message = `the file has no value for it; ${shown(value)} is its default`;
    this.#say({ severity: "note", code: "default", message, input: name });
    this.#put(name, value, false, input);
  }

  #put(name: string, value: unknown, linked: boolean, input: InputDefinition | undefined): void {
    this.#filled.set(name, { name, value, linked, input });
  }
}

/** A node of which only the file knows anything. */
function unknownClass(scope: Scope, node: NodeView): readonly Filled[] {
  const filled = new Map<string, Filled>();
  const { values, nameless } = guessValues(node);
  const overrides = overridesOf(scope, node);
  for (const [name, value] of [...values, ...(overrides ?? [])])
    filled.set(name, { name, value, linked: false, input: undefined });
  for (const [name, view] of inputsByName(node)) {
    const origin = view.link === undefined ? undefined : originOf(scope, node, view);
    if (origin?.kind === "output") filled.set(name, { name, value: linkTo(origin), linked: true, input: undefined });
    else if (origin) filled.set(name, { name, value: origin.value, linked: false, input: undefined });
  }
  const lost = nameless > 0 ? `, and ${nameless} of them could not be named` : "";
  const pack = own(node.properties, "cnr_id") ?? own(node.properties, "aux_id");
  const from = typeof pack === "string" && pack !== "comfy-core" ? ` (of the pack ${shown(pack)}, says the file)` : "";
  const message = `its class is unknown${from}, so the names of its values are taken from the file${lost}`;
  tell(scope, node, { severity: "warning", code: "unknown-class", message });
  return [...filled.values()];
}

/** The inputs of a node as a prompt has them: a list as a value is wrapped, because a bare one is a link. */
export function promptInputs(filled: readonly Filled[]): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const { name, value, linked } of filled)
    put(inputs, name, Array.isArray(value) && !linked ? { __value__: value } : value);
  return inputs;
}
