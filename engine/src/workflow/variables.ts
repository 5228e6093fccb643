import { grouped } from "./records.js";
import { executionId, type Scope, tell } from "./scope.js";
import type { GraphView, NodeView } from "./view.js";
import { variableName, virtualOf } from "./virtual.js";

const cache = new WeakMap<GraphView, ReadonlyMap<string | undefined, readonly NodeView[]>>();

/** The Set nodes of a graph by the name they offer. */
function setsIn(graph: GraphView): ReadonlyMap<string | undefined, readonly NodeView[]> {
  const known = cache.get(graph);
  if (known) return known;
  const sets = grouped(
    [...graph.nodes.values()].filter((node) => virtualOf(node) === "set"),
    variableName,
  );
  cache.set(graph, sets);
  return sets;
}

/** The Set node that a Get node means: in its own graph, or else the nearest graph around it. */
export function variable(scope: Scope, get: NodeView): { readonly scope: Scope; readonly node: NodeView } | undefined {
  const name = variableName(get);
  for (let at: Scope | undefined = scope; name !== undefined && at; at = at.outer?.scope) {
    const sets = setsIn(at.graph).get(name);
    if (!sets) continue;
    if (sets.length === 1) return { scope: at, node: sets[0]! };
    const place = at;
    const ids = sets.slice(0, 4).map((set) => executionId(place, set));
    const message = `the nodes ${ids.join(" and ")} both set "${name}", so it is unclear which is meant; it is left unlinked`;
    tell(scope, get, { severity: "error", code: "duplicate-set", message });
    return undefined;
  }
  const message = name === undefined ? "it names nothing to get" : `no SetNode sets "${name}", here or around`;
  tell(scope, get, { severity: "error", code: "missing-set", message: `${message}; what reads it is left unlinked` });
  return undefined;
}
