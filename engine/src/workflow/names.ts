import { inputNamed } from "./bypass.js";
import type { Filled } from "./leaf.js";
import { overridesOf, promotedValue } from "./promoted.js";
import { grouped, own } from "./records.js";
import { definitionOf, type Scope } from "./scope.js";
import type { GraphView, NodeView } from "./view.js";
import { firstValue, virtualOf } from "./virtual.js";

/** A node that is emitted, and what fills its inputs. */
export interface Emitted {
  readonly id: string;
  readonly scope: Scope;
  readonly node: NodeView;
  readonly inputs: Map<string, Filled>;
}

const REFERENCE = /%([^%]+)\.([^%.]+)%/g;
/** Not allowed in file names on one system or another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them.
const UNFIT = /[/?<>\\:*|"\u0000-\u001f\u007f]/g;

/**
 * A file name with `%Node.widget%` replaced by the value of that widget of a node of the same graph. The node is named as
 * the editor does: by its `Node name for S&R`, or else its title, which of a subgraph is its definition's name. Dates and what is linked stay for whoever saves.
 */
export function resolveNames(
  text: string,
  scope: Scope,
  emitted: (node: NodeView) => Emitted | undefined,
  remark: (message: string) => void,
): string {
  return text.replace(REFERENCE, (whole, name: string, widget: string) => {
    if (name.startsWith("date:")) return whole;
    const nodes = nodesNamed(scope, name);
    if (nodes.length === 0) {
      remark(`${whole} names no node of this graph, and stays as it is`);
      return whole;
    }
    if (nodes.length > 1)
      remark(
        `${whole} could be any of ${nodes.length} nodes; the first, ${nodes[0]!.id}, is taken: titles tell them apart`,
      );
    const value = widgetValue(scope, nodes[0]!, widget, emitted(nodes[0]!));
    if (typeof value === "object" || value === undefined) {
      remark(`${whole} has no value in the file, and stays as it is`);
      return whole;
    }
    return String(value).replace(UNFIT, "_");
  });
}

interface Names {
  readonly byProperty: ReadonlyMap<unknown, readonly NodeView[]>;
  readonly byTitle: ReadonlyMap<unknown, readonly NodeView[]>;
}

const cache = new WeakMap<GraphView, Names>();

function namesIn(scope: Scope): Names {
  const { graph } = scope;
  const known = cache.get(graph);
  if (known) return known;
  const names = {
    byProperty: grouped(graph.nodes.values(), ({ properties }) => own(properties, "Node name for S&R")),
    byTitle: grouped(graph.nodes.values(), (node) => node.title ?? definitionOf(scope, node)?.name),
  };
  cache.set(graph, names);
  return names;
}

function nodesNamed(scope: Scope, name: string): readonly NodeView[] {
  const { byProperty, byTitle } = namesIn(scope);
  return byProperty.get(name) ?? byTitle.get(name) ?? [];
}

function widgetValue(scope: Scope, node: NodeView, widget: string, emitted: Emitted | undefined): unknown {
  if (virtualOf(node) === "primitive")
    return widget === "value" ? (overridesOf(scope, node)?.get("value") ?? firstValue(node)) : undefined;
  if (definitionOf(scope, node))
    return inputNamed(node, widget)?.link === undefined ? promotedValue(scope, node, widget) : undefined;
  const filled = emitted?.inputs.get(widget);
  return filled?.linked ? undefined : filled?.value;
}
