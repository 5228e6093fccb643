import type { Definitions } from "../run/describe.js";
import { align } from "./align.js";
import type { GroupNode } from "./group-nodes.js";
import { guessValues } from "./guess.js";
import type { NodeView } from "./view.js";
import { virtualOf } from "./virtual.js";
import { isControl, widgetsOf } from "./widgets.js";

type Values = ReadonlyMap<string, unknown>;

interface Split {
  readonly values: ReadonlyMap<string, Values>;
  readonly used: number;
}

/**
 * The values that the instance of a group node keeps for its inner nodes, by inner node and widget: its list is theirs,
 * one after another. Whether widgets that are slots have a place in it depends on the editor's age; the length tells.
 */
export function groupValues(group: GroupNode, instance: NodeView, classes: Definitions): Split["values"] {
  if (!Array.isArray(instance.values)) return new Map();
  const list: readonly unknown[] = instance.values;
  const all = split(group, list, classes, new Map());
  if (all.used === list.length) return all.values;
  const fewer = split(group, list, classes, group.slots);
  return fewer.used === list.length ? fewer.values : all.values;
}

function split(group: GroupNode, list: readonly unknown[], classes: Definitions, slots: GroupNode["slots"]): Split {
  const values = new Map<string, Values>();
  let used = 0;
  for (const node of group.graph.nodes.values()) {
    const part = ownPart(node, list, used, classes, slots.get(node.id));
    values.set(node.id, new Map([...part.values].filter(([, value]) => value !== null && value !== undefined)));
    used = part.end;
  }
  return { values, used };
}

/** The values of one inner node, and where they end: beyond the list if it is too short. */
function ownPart(
  node: NodeView,
  list: readonly unknown[],
  from: number,
  classes: Definitions,
  absent: ReadonlySet<string> | undefined,
): { readonly values: Values; readonly end: number } {
  const virtual = virtualOf(node);
  if (virtual === "primitive")
    return { values: new Map([["value", list[from]]]), end: from + (isControl(list[from + 1]) ? 2 : 1) };
  if (virtual) return { values: new Map(), end: from };
  const definition = classes.get(node.type);
  if (definition) {
    const { values, end, missing } = align(widgetsOf(definition), list, { from, absent });
    return { values, end: end + missing.length };
  }
  const end = from + (Array.isArray(node.values) ? node.values.length : 0);
  return { values: guessValues({ ...node, values: list.slice(from, end), named: undefined }).values, end };
}
