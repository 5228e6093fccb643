import { hash } from "node:crypto";
import { stringifyJson } from "./json.js";
import { layoutOf } from "./layout.js";
import type { NodeDefinition } from "./node.js";
import type { Step } from "./step.js";

/** What each binding of a step is linked to, in their order; nothing for a literal. */
type Sources = readonly ({ readonly key: string } | undefined)[];

/**
 * The cache key of a step: a Merkle hash of its class, its pack's version, its literals and the keys of its sources.
 * Node ids do not count, structure does. A key that starts with `~` holds in this process only: the step's version
 * says so, or a source's key does.
 *
 * `sources` have the keys of the linked steps, `version` is what the node's `version` said, and `salt` is whatever else
 * changes results in a whole run (a compatibility mode, the device, the weights' type).
 */
export function keyOf(step: Step, sources: Sources, version: string | undefined, salt: string): string {
  const { definition, bindings, id } = step;
  let local = version?.startsWith("~") ?? false;
  let text = headOf(definition);
  if (version !== undefined || salt !== "") text += `${JSON.stringify([salt, version])}\n`;
  for (let i = 0; i < bindings.length; i++) {
    const { name, slot, value, key } = bindings[i]!;
    const above = sources[i]?.key;
    if (above !== undefined) {
      local ||= above.startsWith("~");
      text += `${name}<${slot}:${above}\n`;
    } else if (key !== undefined) {
      local ||= key.startsWith("~");
      text += `${name}:${key}\n`;
    } else {
      text += `${name}=${literal(value)}\n`;
    }
  }
  for (const [name, input] of layoutOf(definition).hidden) {
    if (input.hidden === "UNIQUE_ID") text += `${name}#${JSON.stringify(id)}\n`;
  }
  return (local ? "~" : "") + hash("sha256", text, "hex");
}

const heads = new WeakMap<NodeDefinition, string>();

function headOf(definition: NodeDefinition): string {
  let head = heads.get(definition);
  if (head === undefined) {
    head = `${JSON.stringify([definition.pack?.name, definition.pack?.version, definition.id])}\n`;
    heads.set(definition, head);
  }
  return head;
}

/** Distinguishes what JSON does not: 5 of `int()` and 5 of `integer()` reach a node as different values. */
function literal(value: unknown): string {
  switch (typeof value) {
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value);
    case "number":
      return String(value);
    default:
      return stringifyJson(value);
  }
}

/** The key of one output of a step, for values that leave it by way of an expansion. */
export const outputKey = (key: string, slot: number): string => `${key}/${slot}`;

/** The key of a constant that has none of its own: the place in an expansion where it stands. */
export function placeKey(key: string, ...place: readonly (string | number)[]): string {
  return (key.startsWith("~") ? "~" : "") + hash("sha256", `${key}\n${JSON.stringify(place)}`, "hex");
}
