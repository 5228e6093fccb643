import type { Filled } from "./leaf.js";
import { overridesOf } from "./promoted.js";
import { own } from "./records.js";
import type { Scope } from "./scope.js";
import type { NodeView } from "./view.js";
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
 * the editor does: by its `Node name for S&R`, or else its title. Dates and what is linked stay for whoever saves.
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
    if (nodes.length > 1) remark(`${whole} could be ${nodes.length} nodes; the first, ${nodes[0]!.id}, is taken`);
    const value = widgetValue(scope, nodes[0]!, widget, emitted(nodes[0]!));
    if (typeof value === "object" || value === undefined) {
      remark(`${whole} has no value in the file, and stays as it is`);
      return whole;
    }
    return String(value).replace(UNFIT, "_");
  });
}

function nodesNamed({ graph }: Scope, name: string): readonly NodeView[] {
  const all = [...graph.nodes.values()];
  const byProperty = all.filter(({ properties }) => own(properties, "Node name for S&R") === name);
  return byProperty.length > 0 ? byProperty : all.filter(({ title }) => title === name);
}

function widgetValue(scope: Scope, node: NodeView, widget: string, emitted: Emitted | undefined): unknown {
  if (virtualOf(node) === "primitive")
    return widget === "value" ? (overridesOf(scope, node)?.get("value") ?? firstValue(node)) : undefined;
  const filled = emitted?.inputs.get(widget);
  return filled?.linked ? undefined : filled?.value;
}
