import { groupValues } from "./group-values.js";
import { isRecord, own, spelled } from "./records.js";
import { definitionOf, innerScope, type Scope } from "./scope.js";
import type { NodeView } from "./view.js";

/** Values that an instance of a subgraph keeps for what is inside it. */
interface Promotions {
  /** By input of the subgraph. */
  readonly inputs: ReadonlyMap<string, unknown>;
  /** By inner node, for widgets that no input of the subgraph feeds. */
  readonly widgets: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
}

const NONE: Promotions = { inputs: new Map(), widgets: new Map() };
const cache = new WeakMap<Scope, Promotions>();

/**
 * The value that an instance keeps for an input of its subgraph which nothing feeds; undefined leaves each inner widget
 * its own. A value that an instance around it keeps comes first.
 */
export function promotedValue(scope: Scope, instance: NodeView, name: string): unknown {
  const outer = overridesOf(scope, instance)?.get(name);
  if (outer !== undefined) return outer;
  const value = own(instance.named, name) ?? (isRecord(instance.values) ? own(instance.values, name) : undefined);
  if (value !== undefined && value !== null) return value;
  const definition = definitionOf(scope, instance);
  if (proxiesOf(instance).length > 0) {
    const inner = innerScope(scope, instance);
    return inner && promotionsInto(inner).inputs.get(name);
  }
  const place = definition?.group ? undefined : definition?.widgets.get(name);
  return (place !== undefined && Array.isArray(instance.values) ? instance.values[place] : undefined) ?? undefined;
}

/** The values that the instance around a node keeps for its widgets. */
export const overridesOf = (scope: Scope, node: NodeView): ReadonlyMap<string, unknown> | undefined =>
  promotionsInto(scope).widgets.get(node.id);

function promotionsInto(scope: Scope): Promotions {
  const known = cache.get(scope);
  if (known) return known;
  const found = scope.outer ? findPromotions(scope, scope.outer) : NONE;
  cache.set(scope, found);
  return found;
}

function findPromotions(scope: Scope, { instance, definition }: NonNullable<Scope["outer"]>): Promotions {
  if (definition.group)
    return { inputs: NONE.inputs, widgets: groupValues(definition.group, instance, scope.unfolding.classes) };
  const shown = proxiesOf(instance);
  const { values } = instance;
  // Old files list the widgets that are shown, and keep the values inside.
  if (shown.length === 0 || !Array.isArray(values) || values.length !== shown.length) return NONE;
  const inputs = new Map<string, unknown>();
  const widgets = new Map<string, Map<string, unknown>>();
  for (const [place, proxy] of shown.entries()) {
    const value: unknown = values[place];
    if (!proxy || value === null || value === undefined) continue;
    const [id, name] = proxy;
    const input = id === "-1" ? name : inputFeeding(scope, id, name);
    if (input !== undefined) {
      if (!inputs.has(input)) inputs.set(input, value);
      continue;
    }
    const node = widgets.get(id) ?? new Map<string, unknown>();
    if (!node.has(name)) node.set(name, value);
    widgets.set(id, node);
  }
  return { inputs, widgets };
}

/** The input of the subgraph that feeds a widget. */
function inputFeeding({ graph }: Scope, id: string, name: string): string | undefined {
  const input = graph.nodes.get(id)?.inputs.find((one) => one.name === name || one.widget === name);
  const link = input?.link === undefined ? undefined : graph.links.get(input.link);
  return link?.origin === graph.inputNode ? graph.inputs[link.slot]?.name : undefined;
}

type Proxy = readonly [id: string, widget: string];

const proxies = new WeakMap<NodeView, readonly (Proxy | undefined)[]>();

/** The widgets that an instance shows, in order; those that hold no value of an input keep their place. */
function proxiesOf(instance: NodeView): readonly (Proxy | undefined)[] {
  const known = proxies.get(instance);
  if (known) return known;
  const list = proxyList(own(instance.properties, "proxyWidgets")).map((entry) => {
    if (!Array.isArray(entry)) return undefined;
    const [id, name]: readonly unknown[] = entry;
    if (typeof name !== "string" || name === "control_after_generate" || name.startsWith("$$")) return undefined;
    return [spelled(id), name] as const;
  });
  proxies.set(instance, list);
  return list;
}

/** Some editors saved the list as text. */
function proxyList(stored: unknown): readonly unknown[] {
  if (typeof stored !== "string") return Array.isArray(stored) ? stored : [];
  try {
    const list: unknown = JSON.parse(stored);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
