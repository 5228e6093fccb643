import type { InputDefinition, NodeDefinition } from "@mezzotint/engine";
import type { SavedFile, SavedNode } from "./second-reader/tables.js";

const CONTROLS = new Set<unknown>(["fixed", "increment", "decrement", "randomize", "increment-wrap"]);

/** Widgets that editors add: of seeds (an older one is called by its value) and of files. */
const EXTRAS = new Set(["control_after_generate", "fixed", "upload"]);

/** What one saved node tells about the widgets of its class. */
interface Sighting {
  readonly names: readonly string[];
  readonly values: ReadonlyMap<string, unknown>;
  readonly types: ReadonlyMap<string, string>;
  /** Names of widgets that editors follow with a control or an upload widget. */
  readonly controlled: ReadonlySet<string>;
  readonly uploads: ReadonlySet<string>;
}

/**
 * Definitions of classes that are not installed, made from how files use them: names, order and types of widgets from
 * the names that files carry, outputs as drawn. A stand-in for what a server would say of them.
 */
export function syntheticDefinitions(files: Iterable<SavedFile>, known: ReadonlySet<string>) {
  const nodes = new Map<string, SavedNode[]>();
  for (const { nodes: top, definitions: { subgraphs = [] } = {} } of files) {
    const bodies = new Set(subgraphs.map(({ id }) => id));
    for (const node of [...top, ...subgraphs.flatMap((body) => body.nodes)]) {
      if (known.has(node.type) || bodies.has(node.type)) continue;
      nodes.set(node.type, [...(nodes.get(node.type) ?? []), node]);
    }
  }
  return new Map([...nodes].map(([id, seen]) => [id, define(id, seen)] as const));
}

function define(id: string, nodes: readonly SavedNode[]): NodeDefinition {
  const sightings = nodes.map(sight);
  const widgets = group(merged(sightings.map(({ names }) => names)), "", sightings);
  const links: Record<string, InputDefinition> = {};
  for (const { name, type, widget } of nodes.flatMap(({ inputs = [] }) => inputs))
    if (widget === undefined && !name.includes(".") && !(name in widgets))
      links[name] = { type: text(type), link: true, optional: true };
  const largest = nodes.reduce((a, b) => ((b.outputs?.length ?? 0) > (a.outputs?.length ?? 0) ? b : a));
  const outputs = (largest.outputs ?? []).map(({ name, type }, slot) => [
    name || `output${slot}`,
    { type: text(type) },
  ]);
  return { id, category: "", doc: "", inputs: { ...widgets, ...links }, outputs: Object.fromEntries(outputs) };
}

/** The names that a node gives its widgets, in order: all of them, or those alone that have a slot. */
function sight({ inputs = [], widgets_values: stored = [], widgets_values_named: named }: SavedNode): Sighting {
  const slots = inputs.filter(({ widget }) => widget !== undefined);
  const types = new Map(slots.map(({ name, type }) => [name, text(type)]));
  const controlled = new Set<string>();
  const uploads = new Set<string>();
  if (named !== undefined) {
    const keys = Object.keys(named);
    keys.forEach((key, place) => {
      if (key === "control_after_generate" || key === "fixed") controlled.add(keys[place - 1] ?? "");
      if (key === "upload") uploads.add(keys[place - 1] ?? "");
    });
    const entries = Object.entries(named).filter(([key]) => !EXTRAS.has(key));
    return { names: entries.map(([key]) => key), values: new Map(entries), types, controlled, uploads };
  }
  const names = slots.map(({ name }) => name);
  const values = Object.values(stored).filter((value) => !CONTROLS.has(value));
  const all = values.length === names.length;
  return { names, values: new Map(all ? names.map((name, i) => [name, values[i]]) : []), types, controlled, uploads };
}

/** One order that holds every list's: the longest list's, each further name after the one before it. */
function merged(lists: readonly (readonly string[])[]): readonly string[] {
  const order: string[] = [];
  for (const list of [...lists].sort((a, b) => b.length - a.length))
    list.forEach((name, place) => {
      if (order.includes(name)) return;
      const before = list[place - 1];
      order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, name);
    });
  return order;
}

/** The inputs at one level; names with a dot lie inside a choice that brings inputs of its own. */
function group(
  names: readonly string[],
  prefix: string,
  sightings: readonly Sighting[],
): Record<string, InputDefinition> {
  const inputs: Record<string, InputDefinition> = {};
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    const own = name.slice(prefix.length);
    if (own.includes(".")) continue;
    const inside = names.some((other) => other.startsWith(`${name}.`));
    inputs[own] = inside ? branching(name, sightings) : plain(name, sightings);
  }
  return inputs;
}

function branching(name: string, sightings: readonly Sighting[]): InputDefinition {
  const choices = new Set(sightings.flatMap(({ values }) => (values.has(name) ? [String(values.get(name))] : [])));
  const branches = [...choices].map((choice) => {
    const own = sightings.filter(({ values }) => values.get(name) === choice);
    const names = merged(own.map((sighting) => sighting.names.filter((inner) => inner.startsWith(`${name}.`))));
    return [choice, group(names, `${name}.`, own)] as const;
  });
  return { type: "COMFY_DYNAMICCOMBO_V3", choices: [...choices], branches: Object.fromEntries(branches) };
}

function plain(name: string, sightings: readonly Sighting[]): InputDefinition {
  const type = sightings.flatMap(({ types }) => types.get(name) ?? [])[0];
  const values = sightings.flatMap(({ values: known }) => (known.has(name) ? [known.get(name)] : []));
  const flags = {
    ...(sightings.some(({ controlled }) => controlled.has(name)) && { control_after_generate: true }),
    ...(sightings.some(({ uploads }) => uploads.has(name)) && { image_upload: true }),
  };
  const kind = type === "COMFY_DYNAMICCOMBO_V3" ? "COMBO" : (type ?? typeOf(values));
  return { type: kind, ...(kind === "COMBO" && { choices: [], open: true, dynamic: true }), options: flags };
}

function typeOf(values: readonly unknown[]): string {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size === 1 && kinds.has("boolean")) return "BOOLEAN";
  if (kinds.has("object")) return "OBJECT";
  if (kinds.has("string")) return "STRING";
  return kinds.size === 0 ? "STRING" : "FLOAT";
}

const text = (type: unknown): string => (Array.isArray(type) ? type.join(",") : String(type ?? "*"));
