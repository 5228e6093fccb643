import type { Definitions } from "../run/describe.js";
import { type Placed, topological } from "../run/graph.js";
import { consumersOf } from "./consumers.js";
import { type GroupNode, groupNodesIn } from "./group-nodes.js";
import type { Json } from "./records.js";
import { graphsIn } from "./subgraphs.js";
import { type GraphView, type NodeView, viewOf } from "./view.js";
import { isLive } from "./virtual.js";

/** The definition of a subgraph or legacy group node, and what unfolding it would bring. */
export interface Definition {
  readonly id: string;
  readonly name: string;
  readonly graph: GraphView;
  /** Set for group nodes, whose instances store the values of all their inner widgets in one list. */
  readonly group?: GroupNode;
  /** The definitions that lead back to this one, by name: it cannot be unfolded. */
  readonly circle: readonly string[] | undefined;
  /** Nodes visited when one instance is unfolded. */
  readonly size: number;
  /** Levels of subgraphs inside, this one included. */
  readonly height: number;
  /** The places of its inputs that feed widgets, by name. */
  readonly widgets: ReadonlyMap<string, number>;
}

/** Definitions by the node type that makes an instance. */
export type DefinitionTable = ReadonlyMap<string, Definition>;

type Draft = Placed & { -readonly [K in keyof Definition]: Definition[K] };

const UNMEASURED = { circle: undefined, size: 0, height: 0, widgets: new Map<string, number>(), place: undefined };

/** All that a file defines, the root included (as ""). Linear in the file: nothing is unfolded to be measured. */
export function definitionsOf(json: Json, classes: Definitions): DefinitionTable {
  const table = new Map<string, Draft>();
  const add = (id: string, name: string, graph: GraphView, group?: GroupNode) =>
    table.set(id, { id, name, graph, ...(group && { group }), ...UNMEASURED });
  for (const group of groupNodesIn(json, classes))
    for (const sign of ">/") add(`workflow${sign}${group.name}`, group.name, group.graph, group);
  for (const { id, name, raw } of graphsIn(json).graphs) add(id, name, viewOf(raw, id));

  const inside = (draft: Draft): readonly Draft[] => {
    const used: Draft[] = [];
    for (const node of draft.graph.nodes.values()) {
      const child = table.get(node.type);
      if (child) used.push(child);
    }
    return used;
  };
  const order = topological(table.values(), inside, (circle) => {
    const names = [...circle, circle[0]!].map(({ name, id }) => name || id || "the workflow itself");
    for (const draft of circle) draft.circle ??= names.length > 12 ? [...names.slice(0, 11), "…"] : names;
  });
  for (const draft of order) measure(draft, table);
  return table;
}

function measure(draft: Draft, table: ReadonlyMap<string, Draft>): void {
  let height = 0;
  for (const node of draft.graph.nodes.values()) {
    draft.size++;
    const child = isLive(node) ? table.get(node.type) : undefined;
    if (!child || child.circle) continue;
    draft.size += child.size;
    height = Math.max(height, child.height);
  }
  draft.height = height + 1;
  draft.widgets = widgetInputs(draft.graph, table);
}

/** The inputs that feed a widget, also through Reroutes and instances inside, in order. */
function widgetInputs(graph: GraphView, table: ReadonlyMap<string, Draft>): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [slot, { name }] of graph.inputs.entries())
    if (!places.has(name) && feedsWidget(graph, slot, table)) places.set(name, places.size);
  return places;
}

function feedsWidget(graph: GraphView, slot: number, table: ReadonlyMap<string, Draft>): boolean {
  const open = [...consumersOf(graph, graph.inputNode, slot)];
  const seen = new Set<NodeView>();
  for (let target = open.pop(); target; target = open.pop()) {
    const { node, input } = target;
    const child = table.get(node.type);
    if (child ? child.widgets.has(input.name) : input.widget !== undefined) return true;
    if (node.type !== "Reroute" || seen.has(node)) continue;
    seen.add(node);
    open.push(...consumersOf(graph, node.id, 0));
  }
  return false;
}
