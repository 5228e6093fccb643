import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import { Unfit } from "./literal.js";
import type { NodeDefinition } from "./node.js";
import { shown } from "./problems.js";

/**
 * What is wrong with a link to an input, if anything. `source` is the linked node's definition: `undefined` if there is
 * no such node, `null` if its type is unknown. Nothing is said about the latter: that is a problem of its own.
 */
export function checkLink(
  raw: readonly unknown[],
  source: NodeDefinition | null | undefined,
  input: InputDefinition,
): Unfit | undefined {
  const [node, slot] = raw;
  if (raw.length !== 2 || typeof node !== "string" || typeof slot !== "number") {
    const hint = 'a link is ["node id", output slot], and a list as a value is {"__value__": […]}';
    return new Unfit("bad_linked_input", `${shown(raw)} is no link: ${hint}`);
  }
  if (source === undefined)
    return new Unfit("bad_linked_input", `it is linked to node ${shown(node)}, which is not in the prompt`);
  if (source === null) return undefined;
  const { outputs } = layoutOf(source);
  const output = outputs[slot]?.[1];
  if (output && fits(output.type, input.type)) return undefined;
  const place = `output ${slot} of node ${shown(node)}, a ${source.id}`;
  if (!output) {
    const count = outputs.length === 0 ? "no outputs" : `outputs 0 to ${outputs.length - 1}`;
    return new Unfit("bad_linked_input", `it is linked to ${place}, which has ${count}`);
  }
  return new Unfit("return_type_mismatch", `it takes ${input.type}, but ${place}, is ${output.type}`, {
    received_type: output.type,
    linked_node: raw,
  });
}

/** Whether an output may feed an input: one of the types that the one gives is one that the other takes. */
function fits(output: string, input: string): boolean {
  if (output === input || output === "*" || input === "*") return true;
  if (!output.includes(",") && !input.includes(",")) return false;
  const taken = input.split(",").map((type) => type.trim());
  return output.split(",").some((type) => type.trim() === "*" || taken.includes(type.trim()) || taken.includes("*"));
}
