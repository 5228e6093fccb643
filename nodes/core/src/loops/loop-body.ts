import { type Graph, type Loop, type Loops, reach, sourcesIn } from "./loop-graph.js";

/**
 * The nodes that an iteration of a loop brings, each a copy. Besides what the End Loop depends on, these are the side
 * branches of the body, so that a Save Image inside a loop saves in every iteration, and whatever only they need. Side
 * branches of inner loops are left to those loops' own iterations.
 */
export function repeatedNodes(graph: Graph, loops: Loops, loop: Loop): ReadonlySet<string> {
  const known = remembered.get(loop);
  if (known) return known;
  const repeated = find(graph, loops, loop);
  remembered.set(loop, repeated);
  return repeated;
}

/** An inner loop runs once per iteration of the outer. */
const remembered = new WeakMap<Loop, ReadonlySet<string>>();

function find(graph: Graph, loops: Loops, { end, body }: Loop): ReadonlySet<string> {
  const sources = sourcesIn(graph);
  const needed = reach(end, sources);
  const repeated = new Set(body);
  for (const inner of loops.values()) {
    if (inner instanceof Error || !body.has(inner.end)) continue;
    const innerNeeded = reach(inner.end, sources);
    for (const id of inner.body) if (!innerNeeded.has(id)) repeated.delete(id);
  }
  // A set visits what is added to it on the way.
  for (const id of repeated) {
    if (needed.has(id)) continue;
    for (const source of sources(id)) if (!needed.has(source) && graph.has(source)) repeated.add(source);
  }
  return repeated;
}
