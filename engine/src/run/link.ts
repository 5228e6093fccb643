import type { InputDefinition } from "./inputs.js";
import { layoutOf } from "./layout.js";
import { Unfit } from "./literal.js";
import type { NodeDefinition } from "./node.js";
import { shown } from "./problems.js";

/** A link that leads to an output of a fitting type. */
export interface Wire {
  readonly from: string;
  readonly slot: number;
}

/** Where links lead. */
export interface Links {
  /** The definition of a linked node: `undefined` if there is no such node, `null` if its type is unknown. */
  readonly definition: (id: string) => NodeDefinition | null | undefined;
  /** The id that a link's node has in the graph; for expansions, whose links may be relative. */
  readonly resolve?: (id: string) => string;
}

/** The node that an array is linked to, however wrong the link may be otherwise; nothing if it is no link. */
export function sourceOf(raw: readonly unknown[], { definition, resolve }: Links): string | undefined {
  const [node] = raw;
  if (raw.length !== 2 || typeof node !== "string") return undefined;
  const from = resolve?.(node) ?? node;
  return definition(from) === undefined ? undefined : from;
}

/** Reads a link for an input. Nothing is said about links to a node of unknown type: that is a problem of its own. */
export function readLink(raw: readonly unknown[], input: InputDefinition, links: Links): Wire | Unfit | undefined {
  const [node, slot] = raw;
  if (raw.length !== 2 || typeof node !== "string" || typeof slot !== "number") {
    const hint = 'a link is ["node id", output slot], and a list as a value is {"__value__": […]}';
    return new Unfit("bad_linked_input", `${shown(raw)} is no link: ${hint}`);
  }
  const from = links.resolve?.(node) ?? node;
  const source = links.definition(from);
  if (source === undefined)
    return new Unfit("bad_linked_input", `it is linked to node ${shown(node)}, which is not in the prompt`);
  if (source === null) return undefined;
  const { outputs } = layoutOf(source);
  const output = outputs[slot]?.[1];
  if (output && fits(output.type, input.type)) return { from, slot };
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
