import { type Blocker, isBlocker } from "./blocker.js";
import { isConstant } from "./expansion.js";
import { layoutOf } from "./layout.js";
import type { NodeDefinition, Shown } from "./node.js";
import { shown } from "./problems.js";

/** The lists that constants out of expansions stand for. */
type Lists = Pick<WeakMap<object, readonly unknown[]>, "get">;

const NOTHING: readonly unknown[] = [];

/** Gathers what the calls of one step give: for each output, the values that travel on one by one. */
export class Results {
  readonly outputs: (readonly unknown[])[];
  readonly #definition: NodeDefinition;
  readonly #lists: Lists;
  #shown: Record<string, unknown[]> | undefined;

  constructor(definition: NodeDefinition, lists: Lists) {
    this.#definition = definition;
    this.#lists = lists;
    this.outputs = layoutOf(definition).outputs.map(() => NOTHING);
  }

  get shown(): Shown | undefined {
    return this.#shown;
  }

  /** Adds what a node's `run` returned. Throws when that is not what the node declares. */
  add(result: unknown): void {
    const { outputs } = layoutOf(this.#definition);
    if (outputs.length === 0 && (result === undefined || result === null)) return;
    if (typeof result !== "object" || result === null)
      throw new TypeError(`it returned ${shown(result)} instead of its outputs by name`);
    this.#refuseOthers(result);
    for (let slot = 0; slot < outputs.length; slot++) {
      const [name, { list }] = outputs[slot]!;
      if (!(name in result)) throw new TypeError(`it returned no output "${name}"`);
      this.#value(slot, (result as Record<string, unknown>)[name], list === true);
    }
  }

  /** Adds values to one output as they are. */
  spread(slot: number, values: readonly unknown[]): void {
    if (this.outputs[slot] === NOTHING) this.outputs[slot] = [...values];
    else for (const value of values) (this.outputs[slot] as unknown[]).push(value);
  }

  /** A call did not take place: every output of it is blocked. */
  block(by: Blocker): void {
    for (let slot = 0; slot < this.outputs.length; slot++) this.#push(slot, by);
  }

  show(ui: Shown): void {
    this.#shown ??= {};
    for (const [kind, items] of Object.entries(ui)) {
      const before = Object.hasOwn(this.#shown, kind) ? this.#shown[kind]! : [];
      this.#shown[kind] = [...before, ...items];
    }
  }

  #value(slot: number, value: unknown, list: boolean): void {
    if (isConstant(value)) {
      this.spread(slot, this.#lists.get(value) ?? (list && Array.isArray(value.value) ? value.value : [value.value]));
    } else if (!list || isBlocker(value)) {
      this.#push(slot, value);
    } else if (Array.isArray(value)) {
      this.spread(slot, value);
    } else {
      throw new TypeError(
        `its output "${layoutOf(this.#definition).outputs[slot]![0]}" is a list, and it returned ${shown(value)}`,
      );
    }
  }

  /** Most lists hold one value: V8 would make room for 17 in an array that begins empty. */
  #push(slot: number, value: unknown): void {
    if (this.outputs[slot] === NOTHING) this.outputs[slot] = [value];
    else (this.outputs[slot] as unknown[]).push(value);
  }

  #refuseOthers(result: object): void {
    const names = Object.keys(result);
    if (names.length <= this.outputs.length && this.outputs.length > 0) return;
    const other = names.find((name) => !Object.hasOwn(this.#definition.outputs, name));
    if (other !== undefined) throw new TypeError(`it returned "${other}", which is none of its outputs`);
  }
}
