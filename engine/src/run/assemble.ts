import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import type { Step } from "./step.js";

/** Values by their names in the prompt, such as `values.value0`. */
export type Flat = ReadonlyMap<string, unknown>;

/** Puts values that a prompt names one by one into the shape that a node's `run` takes. Missing inputs stay out. */
export function assemble(
  inputs: readonly (readonly [string, InputDefinition])[],
  flat: Flat,
  prefix = "",
): Record<string, unknown> {
  const shaped: Record<string, unknown> = {};
  for (const [name, input] of inputs) {
    const value = one(prefix + name, input, flat);
    if (value !== undefined) shaped[name] = value;
  }
  return shaped;
}

function one(name: string, { grow, branches, optional }: InputDefinition, flat: Flat): unknown {
  if (grow) {
    const items: unknown[] = [];
    for (let place = 0; place < grow.max; place++) {
      const key = `${name}.${grow.prefix}${place}`;
      if (flat.has(key)) items.push(flat.get(key));
    }
    return optional && items.length === 0 ? undefined : items;
  }
  const value = flat.get(name);
  if (!branches || typeof value !== "string") return value;
  const inside = Object.hasOwn(branches, value) ? branches[value]! : {};
  return { choice: value, ...assemble(Object.entries(inside), flat, `${name}.`) };
}

/** The inputs of a step that are known before it runs, as `version` and `check` see them: links are left out. */
export function literalsOf({ definition, bindings }: Step): Record<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const { name, input, from, value, items } of bindings) {
    const known = from === undefined && items === undefined;
    flat.set(name, known ? (input.list ? [value] : value) : undefined);
  }
  return assemble(layoutOf(definition).inputs, flat);
}
