import type { InputDefinition } from "./inputs.js";
import type { NodeDefinition } from "./node.js";
import type { PromptNode } from "./prompt.js";

/** One input of a step: a value that was read from the prompt, or another step's output. */
export interface Binding {
  /** The name in the prompt; `values.value0` or `mode.items` for inputs inside a group. */
  readonly name: string;
  readonly input: InputDefinition;
  /** The step that the value comes from; absent for a literal. */
  readonly from: string | undefined;
  /** The output of that step, by its place. */
  readonly slot: number;
  /** The literal, read as the input asks. */
  readonly value: unknown;
  /** The cache key of a value that is not a literal but a constant of an expansion. */
  readonly key?: string | undefined;
  /** The items of a constant that stands for a list: the step runs once per item. */
  readonly items?: readonly unknown[] | undefined;
}

/** One node call whose class, links and literals have been checked. */
export interface Step {
  readonly id: string;
  readonly definition: NodeDefinition;
  /** The call as the prompt has it. */
  readonly call: PromptNode;
  /** In the order of the definition. */
  readonly bindings: readonly Binding[];
}

/** The title that a user gave a node, for messages. */
export function titleOf(call: PromptNode): string | undefined {
  const title: unknown = call._meta?.title;
  return typeof title === "string" && title !== "" ? title : undefined;
}

/** How messages call a node: `KSampler "second pass" (node 5)`. */
export function nameOf(id: string, call: PromptNode): string {
  const title = titleOf(call);
  const type = typeof call.class_type === "string" ? call.class_type.slice(0, 100) : "a node without class_type";
  return title === undefined || title === type
    ? `${type} (node ${id})`
    : `${type} "${title.slice(0, 100)}" (node ${id})`;
}
