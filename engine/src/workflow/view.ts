import type { Finding } from "./findings.js";
import { readGraph } from "./read-graph.js";
import type { Json } from "./records.js";

/** An input of a node as the file has it. `widget`: the name of the widget that it replaces when linked. */
export interface InputView {
  readonly name: string;
  readonly type: string;
  readonly link?: string | undefined;
  readonly widget?: string | undefined;
}

/** An output of a node as the file has it. */
export interface OutputView {
  readonly name: string;
  readonly type: string;
}

/** A node as the file has it. */
export interface NodeView {
  readonly id: string;
  /** A class, a virtual node of the editor, or the id of a subgraph. */
  readonly type: string;
  readonly title?: string | undefined;
  /** 2 is muted, 4 is bypassed, everything else runs. */
  readonly mode: number;
  readonly inputs: readonly InputView[];
  readonly outputs: readonly OutputView[];
  readonly properties: Json;
  /** Widget values: an array in the order of widgets, or an object by name. */
  readonly values: unknown;
  /** Widget values by name, as newer editors save them besides. */
  readonly named: Json | undefined;
}

/** A link, of which only the origin counts: what it feeds is told by the inputs. */
export interface LinkView {
  readonly id: string;
  readonly origin: string;
  readonly slot: number;
  readonly target: string;
  readonly targetSlot: number;
}

/** An input or output of a subgraph. Boundaries are matched by name, never by place. */
export interface BoundaryView {
  readonly name: string;
  readonly type: string;
  readonly linkIds: readonly string[];
}

/** A graph of a file in one shape, whatever the version: the root, or the inside of a subgraph. */
export interface GraphView {
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly links: ReadonlyMap<string, LinkView>;
  readonly inputs: readonly BoundaryView[];
  readonly outputs: readonly BoundaryView[];
  /** The ids that stand for the boundary in links. */
  readonly inputNode: string;
  readonly outputNode: string;
  readonly findings: readonly Finding[];
}

const views = new WeakMap<Json, GraphView>();

/** The view of a graph object, made once. `graph` is how findings name it. */
export function viewOf(raw: Json, graph: string): GraphView {
  const known = views.get(raw);
  if (known) return known;
  const view = readGraph(raw, graph);
  views.set(raw, view);
  return view;
}
