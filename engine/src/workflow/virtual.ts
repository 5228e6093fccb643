import { own } from "./records.js";
import type { NodeView } from "./view.js";

/** Nodes that exist in the editor alone. */
export type Virtual = "note" | "reroute" | "primitive" | "set" | "get";

const VIRTUAL: ReadonlyMap<string, Virtual> = new Map([
  ["Note", "note"],
  ["MarkdownNote", "note"],
  ["Reroute", "reroute"],
  ["PrimitiveNode", "primitive"],
  ["SetNode", "set"],
  ["GetNode", "get"],
]);

/** What a node stands for if it never runs, e.g. a Reroute. */
export const virtualOf = (node: NodeView): Virtual | undefined => VIRTUAL.get(node.type);

const MUTED = 2;
const BYPASSED = 4;

export const isMuted = (node: NodeView): boolean => node.mode === MUTED;
export const isBypassed = (node: NodeView): boolean => node.mode === BYPASSED;
/** Neither muted nor bypassed. */
export const isLive = (node: NodeView): boolean => !isMuted(node) && !isBypassed(node);

/** The first widget value of a node: the value of a primitive, the name of a Set or Get. */
export function firstValue({ values, named }: NodeView): unknown {
  if (Array.isArray(values)) return values[0];
  return Object.values((values as object | null | undefined) ?? named ?? {})[0];
}

/** The name under which a Set node offers what feeds it, and a Get node asks for it. */
export function variableName(node: NodeView): string | undefined {
  const name = firstValue(node) ?? own(node.properties, "previousName");
  return typeof name === "string" && name !== "" ? name : undefined;
}
