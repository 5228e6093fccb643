import type { Definitions } from "../run/describe.js";
import type { Definition, DefinitionTable } from "./definitions.js";
import type { Finding } from "./findings.js";
import type { GraphView, NodeView } from "./view.js";

/** What all scopes of one conversion share. */
export interface Unfolding {
  readonly classes: Definitions;
  readonly table: DefinitionTable;
  readonly report: (finding: Finding) => void;
  scopes: number;
}

/** A graph in one place: the root, or a subgraph as one of its instances unfolds it. */
export interface Scope {
  readonly unfolding: Unfolding;
  /** Tells scopes apart. */
  readonly index: number;
  /** Ids of the instances that lead here, `3:7`; "" for the root. */
  readonly path: string;
  readonly graph: GraphView;
  /** Where the instance is; absent for the root. */
  readonly outer?: { readonly scope: Scope; readonly instance: NodeView; readonly definition: Definition };
  readonly depth: number;
  readonly inner: Map<NodeView, Scope>;
  /** Nodes left out of the prompt, because another has their id. */
  readonly left: Set<NodeView>;
}

/** Subgraphs inside one another; more are refused. */
export const MAX_DEPTH = 32;

/** The scope of the root graph. */
export const rootScope = (unfolding: Unfolding): Scope => ({
  unfolding,
  index: unfolding.scopes++,
  path: "",
  graph: unfolding.table.get("")!.graph,
  depth: 0,
  inner: new Map(),
  left: new Set(),
});

/** The definition that a node is an instance of. */
export const definitionOf = (scope: Scope, node: NodeView): Definition | undefined =>
  scope.unfolding.table.get(node.type);

/** The inside of an instance; nothing if its definition holds itself, which `toPrompt` has reported. */
export function innerScope(scope: Scope, instance: NodeView): Scope | undefined {
  const known = scope.inner.get(instance);
  if (known) return known;
  const definition = definitionOf(scope, instance);
  if (!definition || definition.circle || scope.depth >= MAX_DEPTH) return undefined;
  const { unfolding } = scope;
  const inner: Scope = {
    unfolding,
    index: unfolding.scopes++,
    path: executionId(scope, instance),
    graph: definition.graph,
    outer: { scope, instance, definition },
    depth: scope.depth + 1,
    inner: new Map(),
    left: new Set(),
  };
  scope.inner.set(instance, inner);
  return inner;
}

/** The id of a node in the prompt: `outer:inner` inside subgraphs. */
export const executionId = (scope: Scope, node: NodeView): string =>
  scope.path === "" ? node.id : `${scope.path}:${node.id}`;

/** Reports something about a node, and perhaps one of its inputs. */
export function tell(
  scope: Scope,
  node: NodeView,
  finding: Pick<Finding, "severity" | "code" | "message" | "input">,
): void {
  const id = executionId(scope, node);
  const type = definitionOf(scope, node)?.name ?? node.type;
  const what = node.title && node.title !== type ? `"${node.title}", a ${type}` : type;
  const at = `${what} (node ${id})${finding.input === undefined ? "" : `, input ${finding.input}`}`;
  scope.unfolding.report({ ...finding, message: `${at}: ${finding.message}`, graph: scope.path, node: id });
}
