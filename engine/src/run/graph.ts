/** Nodes named over all circles; beyond it a circle is told by two of its nodes, lest hostile graphs cost the square. */
const NAMED = 100_000;
const DONE = -1;

/** A node while its graph is put in order. */
export interface Placed {
  /** Where it stands on the path that is being followed, or that it has left it; nothing before that. */
  place: number | undefined;
}

/**
 * The nodes that `roots` need, sources first, each once. Iterative: a chain may be longer than the stack is deep.
 * `onCycle` is told the nodes of each circle that is met, in the order of their links.
 */
export function topological<N extends Placed>(
  roots: Iterable<N>,
  sources: (node: N) => readonly N[],
  onCycle: (circle: readonly N[]) => void,
): readonly N[] {
  const order: N[] = [];
  const path: { readonly node: N; readonly sources: readonly N[]; next: number }[] = [];
  let named = 0;
  const enter = (node: N) => {
    node.place = path.length;
    path.push({ node, sources: sources(node), next: 0 });
  };
  const closeCircle = (start: number, last: N) => {
    named += path.length - start;
    onCycle(named > NAMED ? [path[start]!.node, last] : path.slice(start).map(({ node }) => node));
  };
  for (const root of roots) {
    if (root.place === undefined) enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const source = top.sources[top.next++];
      if (!source) {
        top.node.place = DONE;
        order.push(top.node);
        path.pop();
      } else if (source.place === undefined) {
        enter(source);
      } else if (source.place !== DONE) {
        closeCircle(source.place, top.node);
      }
    }
  }
  return order;
}
