/** Nodes named over all circles; beyond it a circle is told by two of its nodes, lest hostile graphs cost the square. */
const NAMED = 100_000;
const DONE = -1;

/**
 * The nodes that `roots` need, sources first, each once. Iterative: a chain may be longer than the stack is deep.
 * `onCycle` is told the nodes of each circle that is met, in the order of their links.
 */
export function topological(
  roots: Iterable<string>,
  sources: (id: string) => readonly string[],
  onCycle: (circle: readonly string[]) => void,
): string[] {
  const order: string[] = [];
  /** Where a node stands on the path, or that it has left it. */
  const places = new Map<string, number>();
  const path: { readonly id: string; readonly sources: readonly string[]; next: number }[] = [];
  let named = 0;
  const enter = (id: string) => {
    places.set(id, path.length);
    path.push({ id, sources: sources(id), next: 0 });
  };
  const closeCircle = (start: number, last: string) => {
    named += path.length - start;
    onCycle(named > NAMED ? [path[start]!.id, last] : path.slice(start).map(({ id }) => id));
  };
  for (const root of roots) {
    if (!places.has(root)) enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const id = top.sources[top.next++];
      const place = id === undefined ? DONE : places.get(id);
      if (id === undefined) {
        places.set(top.id, DONE);
        order.push(top.id);
        path.pop();
      } else if (place === undefined) {
        enter(id);
      } else if (place !== DONE) {
        closeCircle(place, top.id);
      }
    }
  }
  return order;
}
