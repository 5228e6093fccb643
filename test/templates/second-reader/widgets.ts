import type { InputDefinition, NodeDefinition } from "@mezzotint/engine";
import type { SavedNode } from "./tables.js";

type Named = readonly [name: string, input: InputDefinition];

const CONTROLS = new Set<unknown>(["fixed", "increment", "decrement", "randomize", "increment-wrap"]);
const SCALARS = new Set(["INT", "FLOAT", "STRING", "BOOLEAN"]);

/** The inputs that are widgets, in the order of `widgets_values`: the required ones, then the optional ones. */
function widgetList(inputs: Readonly<Record<string, InputDefinition>>, prefix = ""): Named[] {
  const all = Object.entries(inputs).map(([name, input]): Named => [prefix + name, input]);
  const shown = all.filter(([, { type, choices, link, hidden, grow, options }]) => {
    if (link || hidden || grow || options?.forceInput) return false;
    return SCALARS.has(type) || type === "COMBO" || choices !== undefined;
  });
  return [...shown.filter(([, { optional }]) => !optional), ...shown.filter(([, { optional }]) => optional)];
}

const isSeed = ([name, { type, options }]: Named): boolean =>
  options?.control_after_generate === true || (type === "INT" && (name === "seed" || name === "noise_seed"));

/** Whether a value can be what a widget holds. */
function suits({ type }: InputDefinition, value: unknown): boolean {
  const kind = typeof value;
  switch (type) {
    case "INT":
    case "FLOAT":
      return (
        kind === "number" || kind === "bigint" || (kind === "string" && value !== "" && !Number.isNaN(Number(value)))
      );
    case "BOOLEAN":
      return kind === "boolean";
    case "STRING":
      return ["string", "number", "bigint", "boolean"].includes(kind);
    default:
      return kind === "string";
  }
}

/** The values that a node stores, by input name, and the defaults of what it does not store. */
export function storedValues(node: SavedNode, definition: NodeDefinition): ReadonlyMap<string, unknown> {
  const { widgets_values: stored = [], widgets_values_named: named = {} } = node;
  const list: readonly unknown[] | undefined = Array.isArray(stored) ? stored : undefined;
  const byName = { ...(list === undefined ? stored : {}), ...named } as Readonly<Record<string, unknown>>;
  // A list in which every widget has a fitting value, and nothing is over, is what an editor goes by.
  const { sound } = walk(definition, list, {}, true);
  return walk(definition, list, byName, sound).values;
}

function walk(
  definition: NodeDefinition,
  list: readonly unknown[] | undefined,
  byName: Readonly<Record<string, unknown>>,
  placeFirst: boolean,
) {
  const values = new Map<string, unknown>();
  const queue = widgetList(definition.inputs);
  let place: number | undefined = 0;
  let sound = list !== undefined;
  for (let widget = queue.shift(); widget !== undefined; widget = queue.shift()) {
    const [name, input] = widget;
    const positional: unknown = place === undefined ? undefined : list?.[place];
    if (place !== undefined) place++;
    if (positional === undefined || (positional !== null && !suits(input, positional))) sound = false;
    const byTheName = Object.hasOwn(byName, name) ? byName[name] : undefined;
    const candidates = placeFirst ? [positional, byTheName] : [byTheName, positional];
    const value = candidates.find((candidate) => candidate !== undefined && suits(input, candidate));
    values.set(name, value ?? input.options?.default ?? input.choices?.[0]);
    if (place !== undefined && list !== undefined) {
      if (isSeed(widget) && CONTROLS.has(list[place])) place++;
      const extra = list[place];
      if (input.options?.image_upload && place < list.length && (typeof extra === "string" || extra === null)) place++;
    }
    if (input.branches === undefined) continue;
    const inside = typeof positional === "string" ? input.branches[positional] : undefined;
    const shown = input.branches[String(value)];
    if (inside === undefined) place = undefined;
    if (shown !== undefined) queue.unshift(...widgetList(shown, `${name}.`));
  }
  const over = place === undefined ? [] : (list ?? []).slice(place);
  const isExtra = (value: unknown) => value === null || value === "" || value === "image" || CONTROLS.has(value);
  return { values, sound: sound && place !== undefined && over.every(isExtra) };
}

/** What a node of a class that nobody defined stores by name. Editors' own values are none of its inputs. */
export function namedValues({
  widgets_values: stored,
  widgets_values_named: named,
}: SavedNode): ReadonlyMap<string, unknown> {
  const byName = named ?? (Array.isArray(stored) ? {} : stored);
  const isOwn = (name: string, value: unknown) => CONTROLS.has(value) || (name === "upload" && value === "image");
  return new Map(Object.entries(byName ?? {}).filter(([name, value]) => !isOwn(name, value)));
}
