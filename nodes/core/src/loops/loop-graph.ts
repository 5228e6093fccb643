import { isLink, type Link, type PromptNode } from "@mezzotint/engine";

/** A graph by node id, as it is when a loop begins. */
export type Graph = ReadonlyMap<string, PromptNode>;

/** A loop as it lies in a graph. */
export interface Loop {
  readonly start: string;
  readonly end: string;
  /** What runs anew in every iteration: all that depends on `start` and not on `end`, inner loops included. */
  readonly body: ReadonlySet<string>;
}

/** The links of a node call, by input name. A call without inputs need not say so. */
const linksOf = ({ inputs }: PromptNode): [name: string, link: Link][] =>
  Object.entries(inputs ?? {}).filter((entry): entry is [string, Link] => isLink(entry[1]));

/** All ids that can be reached from `from` by `next`, without `from` itself. */
export function reach(from: string, next: (id: string) => Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const other of next(id)) {
      if (other === from || seen.has(other)) continue;
      seen.add(other);
      open.push(other);
    }
  }
  return seen;
}

/** The nodes that each node of a graph reads. */
export const sourcesIn =
  (graph: Graph) =>
  (id: string): readonly string[] => {
    const node = graph.get(id);
    return node ? linksOf(node).map(([, [source]]) => source) : [];
  };

function readersOf(graph: Graph): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const [id, node] of graph) {
    for (const [, [source]] of linksOf(node)) {
      const known = readers.get(source);
      if (known) known.push(id);
      else readers.set(source, [id]);
    }
  }
  return readers;
}

const titled = (graph: Graph, id: string): string => {
  const node = graph.get(id);
  return `${node?._meta?.title ?? node?.class_type ?? "node"} (node ${id})`;
};

const list = (graph: Graph, ids: Iterable<string>): string =>
  [...ids]
    .slice(0, 5)
    .map((id) => titled(graph, id))
    .join(", ");

/** The loops of a graph by their EndLoop; where a loop is not well formed, the error that says why. */
export type Loops = ReadonlyMap<string, Loop | Error>;

/** The loop that an EndLoop ends. Throws what is wrong with it. */
export function loopEndedBy(loops: Loops, end: string): Loop {
  const loop = loops.get(end) ?? new Error(`node ${end} is no End Loop of this graph`);
  if (loop instanceof Error) throw loop;
  return loop;
}

/** The loop that a StartLoop starts. Throws when no End Loop ends it, or what is wrong with the one that might. */
export function loopStartedBy(loops: Loops, graph: Graph, start: string): Loop {
  const all = [...loops.values()];
  const own = all.find((loop): loop is Loop => !(loop instanceof Error) && loop.start === start);
  if (own) return own;
  const reason = `${titled(graph, start)} has no End Loop; connect what the loop makes to one`;
  throw all.find((loop) => loop instanceof Error) ?? new Error(reason);
}

/**
 * Pairs every EndLoop of a graph with its StartLoop: the innermost loop it depends on that no EndLoop before it has
 * ended. It is an error, naming the nodes, when there is none, when two open loops are not one inside the other, when a
 * StartLoop is ended twice, and when a value leaves a loop other than through its EndLoop.
 */
export function findLoops(graph: Graph): Loops {
  const sources = sourcesIn(graph);
  const ofClass = (name: string): string[] => [...graph].filter(([, n]) => n.class_type === name).map(([id]) => id);
  const above = new Map(ofClass("EndLoop").map((end) => [end, reach(end, sources)]));
  const starts = new Map(ofClass("StartLoop").map((start) => [start, reach(start, sources)]));
  const inner = new Map([...above].map(([end, set]) => [end, [...above.keys()].filter((other) => set.has(other))]));
  const readers = readersOf(graph);
  const loops = new Map<string, Loop | Error>();
  const owners = new Map<string, string>();

  const find = (end: string, ended: readonly string[]): Loop => {
    const open = [...starts.keys()].filter(
      (start) => above.get(end)?.has(start) && !ended.includes(owners.get(start) ?? ""),
    );
    const start = open.find((one) => open.every((other) => other === one || starts.get(one)?.has(other)));
    if (open.length === 0) throw new Error(`${titled(graph, end)} depends on no Start Loop that is still open`);
    if (start === undefined) {
      throw new Error(
        `${titled(graph, end)} could end any of ${list(graph, open)}: connect the inner one's parent_iteration to the outer one's iteration_index`,
      );
    }
    const owner = owners.get(start);
    if (owner !== undefined) {
      throw new Error(`${titled(graph, start)} is ended by both ${titled(graph, owner)} and ${titled(graph, end)}`);
    }
    owners.set(start, end);
    return loopOf(graph, readers, start, end);
  };

  // An EndLoop depends on more EndLoops than any that it depends on: fewest first is inside out.
  for (const [end, ended] of [...inner].sort(([, a], [, b]) => a.length - b.length)) {
    try {
      loops.set(end, find(end, ended));
    } catch (error) {
      loops.set(end, error as Error);
    }
  }
  return loops;
}

function loopOf(graph: Graph, readers: ReadonlyMap<string, readonly string[]>, start: string, end: string): Loop {
  const next = (id: string): readonly string[] => readers.get(id) ?? [];
  const after = reach(end, next);
  const body = reach(start, next);
  body.delete(end);
  for (const id of after) body.delete(id);
  for (const id of [start, ...body]) {
    const leak = next(id).find((reader) => after.has(reader));
    if (leak !== undefined) {
      throw new Error(
        `${titled(graph, leak)} takes a value from inside the loop of ${titled(graph, start)}; take it from ${titled(graph, end)} instead`,
      );
    }
  }
  return { start, end, body };
}
