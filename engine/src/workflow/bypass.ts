import type { Definition } from "./definitions.js";
import type { InputView, NodeView } from "./view.js";

interface Typed {
  readonly name: string;
  readonly type: string;
}

/**
 * The input that a bypassed node joins to one of its outputs: the one at the same place if its type fits, else the first
 * of the same type, else the first whose type fits. Of a subgraph, the places are those of its definition.
 */
export function bypassedInput(node: NodeView, slot: number, definition: Definition | undefined): InputView | undefined {
  if (!definition) return joined(node.inputs, slot, node.outputs[slot]?.type ?? "*");
  const output = outputPlace(node, slot, definition);
  const { inputs, outputs } = definition.graph;
  const input = output === undefined ? undefined : joined(inputs, output, outputs[output]!.type);
  return input && inputNamed(node, input.name);
}

function joined<T extends Typed>(inputs: readonly T[], slot: number, type: string): T | undefined {
  const opposite = inputs[slot];
  if (opposite && compatible(opposite.type, type)) return opposite;
  return inputs.find((input) => input.type === type) ?? inputs.find((input) => compatible(input.type, type));
}

/** Whether an editor lets two sockets be joined: a type in common, in any case; `*` fits all. */
function compatible(a: string, b: string): boolean {
  if (a === b || a === "*" || b === "*") return true;
  const taken = a.toLowerCase().split(",");
  return b
    .toLowerCase()
    .split(",")
    .some((type) => type === "*" || taken.includes(type) || taken.includes("*"));
}

/** The place of an instance's output in its definition: by name, or by place where the instance has no such output. */
export function outputPlace(instance: NodeView, slot: number, { graph }: Definition): number | undefined {
  const output = instance.outputs[slot];
  const place = output ? graph.outputs.findIndex(({ name }) => name === output.name) : slot;
  return graph.outputs[place] ? place : undefined;
}

/** The input of a node with a name. Unlinked inputs may be left out of files. */
export const inputNamed = (node: NodeView, name: string): InputView | undefined =>
  node.inputs.find((input) => input.name === name);
