import type { GraphView, InputView, LinkView, NodeView } from "./view.js";

/** An input of a node that a link feeds. */
export interface Consumer {
  readonly node: NodeView;
  readonly input: InputView;
}

interface Consumers {
  /** By origin node and slot. */
  readonly of: ReadonlyMap<string, ReadonlyMap<number, readonly Consumer[]>>;
  /** The link that feeds each output of the subgraph, by slot. */
  readonly outputs: ReadonlyMap<number, LinkView>;
}

const cache = new WeakMap<GraphView, Consumers>();

/** What each output of each node (and of the boundary) of a graph feeds, as the inputs tell it. */
function consumersIn(graph: GraphView): Consumers {
  const known = cache.get(graph);
  if (known) return known;
  const of = new Map<string, Map<number, Consumer[]>>();
  for (const node of graph.nodes.values()) {
    for (const input of node.inputs) {
      const link = input.link === undefined ? undefined : graph.links.get(input.link);
      if (!link) continue;
      const slots = of.get(link.origin) ?? new Map<number, Consumer[]>();
      of.set(link.origin, slots);
      const list = slots.get(link.slot);
      if (list) list.push({ node, input });
      else slots.set(link.slot, [{ node, input }]);
    }
  }
  const outputs = new Map<number, LinkView>();
  for (const link of graph.links.values()) {
    if (link.target !== graph.outputNode) continue;
    const listed = graph.outputs[link.targetSlot]?.linkIds[0] === link.id;
    if (listed || !outputs.has(link.targetSlot)) outputs.set(link.targetSlot, link);
  }
  const consumers = { of, outputs };
  cache.set(graph, consumers);
  return consumers;
}

/** The inputs that an output feeds. */
export const consumersOf = (graph: GraphView, node: string, slot: number): readonly Consumer[] =>
  consumersIn(graph).of.get(node)?.get(slot) ?? [];

/** The link that feeds an output of a subgraph, from inside. */
export const outputLink = (graph: GraphView, slot: number): LinkView | undefined =>
  consumersIn(graph).outputs.get(slot);

/** The links that nothing reads: they are kept in the file, and mean nothing. */
export function unclaimedLinks(graph: GraphView): readonly LinkView[] {
  const claimed = new Set<string>();
  for (const node of graph.nodes.values())
    for (const { link } of node.inputs) if (link !== undefined) claimed.add(link);
  return [...graph.links.values()].filter(({ id, target }) => !claimed.has(id) && target !== graph.outputNode);
}
