import type { InputDefinition } from "./inputs.js";
import type { NodeDefinition, OutputDefinition } from "./node.js";

/** A node's inputs and outputs as arrays, in declaration order: records are slow to walk for every step. */
export interface Layout {
  /** Inputs that a prompt fills. */
  readonly inputs: readonly (readonly [name: string, input: InputDefinition])[];
  /** Inputs that the run fills. */
  readonly hidden: readonly (readonly [name: string, input: InputDefinition])[];
  readonly outputs: readonly (readonly [name: string, output: OutputDefinition])[];
  /** No input grows or branches: each is named in a prompt as it is named here. */
  readonly plain: boolean;
  /** Slots the node holds, each once. */
  readonly resources: readonly string[];
}

const layouts = new WeakMap<NodeDefinition, Layout>();

/** The layout of a definition, made once. */
export function layoutOf(definition: NodeDefinition): Layout {
  const known = layouts.get(definition);
  if (known) return known;
  const entries = Object.entries(definition.inputs);
  const inputs = entries.filter(([, input]) => !input.hidden);
  const layout: Layout = {
    inputs,
    hidden: entries.filter(([, input]) => input.hidden),
    outputs: Object.entries(definition.outputs),
    plain: inputs.every(([, input]) => !input.grow && !input.branches),
    resources: [...new Set(definition.resources)],
  };
  layouts.set(definition, layout);
  return layout;
}
