import { type Definitions, type InputDefinition, type NodeDefinition, stringifyJson } from "@mezzotint/engine";

/** What ComfyUI's `/object_info` answers, as texts. */
export interface ObjectInfo {
  /** All classes by name; those that editors offer to nobody are `dev_only`. */
  readonly all: string;
  /** One class in the same form; `{}` when there is none. */
  readonly of: (name: string) => string;
}

const cache = new WeakMap<Definitions, ObjectInfo>();

/** Node definitions in the form that ComfyUI's clients read. Made once for each set of definitions. */
export function objectInfo(definitions: Definitions): ObjectInfo {
  const known = cache.get(definitions);
  if (known) return known;
  const texts = new Map(Array.from(definitions, ([name, node]) => [name, stringifyJson(describeClass(node))]));
  const info: ObjectInfo = {
    all: joined(texts),
    of: (name) => joined([...(texts.has(name) ? [[name, texts.get(name)!] as const] : [])]),
  };
  cache.set(definitions, info);
  return info;
}

const joined = (entries: Iterable<readonly [string, string]>): string =>
  `{${Array.from(entries, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;

/** An input: its type, or the choices of a list, and how an editor shows it. */
type InputInfo = readonly [type: string | readonly string[], options: Readonly<Record<string, unknown>>];
type Section = Readonly<Record<string, InputInfo>>;

/** A class in ComfyUI's words. Integers stay exact: it is to be written by `stringifyJson`. */
function describeClass(node: NodeDefinition): Readonly<Record<string, unknown>> {
  const { id, title, category, doc, inputs, outputs, aliases } = node;
  const visible = Object.entries(inputs).filter(([, { hidden }]) => !hidden);
  const { required, optional } = sections(visible);
  const hidden = Object.fromEntries(
    Object.values(inputs).flatMap((input) => (input.hidden ? [[input.hidden.toLowerCase(), input.hidden]] : [])),
  );
  const some = { optional: Object.keys(optional).length > 0, hidden: Object.keys(hidden).length > 0 };
  const outs = Object.entries(outputs);
  return {
    input: { required, ...(some.optional && { optional }), ...(some.hidden && { hidden }) },
    input_order: {
      required: Object.keys(required),
      ...(some.optional && { optional: Object.keys(optional) }),
      ...(some.hidden && { hidden: Object.keys(hidden) }),
    },
    is_input_list: visible.some(([, { list }]) => list),
    output: outs.map(([, { type }]) => type),
    output_is_list: outs.map(([, { list = false }]) => list),
    output_name: outs.map(([name]) => name),
    ...(outs.some(([, { tooltip }]) => tooltip) && { output_tooltips: outs.map(([, { tooltip = "" }]) => tooltip) }),
    name: id,
    display_name: title ?? id,
    description: doc,
    python_module: moduleOf(node),
    category,
    output_node: node.output ?? false,
    has_intermediate_output: false,
    ...(node.deprecated && { deprecated: true }),
    ...(node.experimental && { experimental: true }),
    ...(node.internal && { dev_only: true }),
    ...(aliases?.length && { search_aliases: aliases }),
  };
}

/** Editors show by the module whether a node is built in: `nodes` is, `custom_nodes.…` is a pack's. */
function moduleOf({ pack }: NodeDefinition): string {
  return pack === undefined || pack.name.startsWith("@mezzotint/nodes-") ? "nodes" : `custom_nodes.${pack.name}`;
}

function sections(inputs: readonly (readonly [string, InputDefinition])[]): { required: Section; optional: Section } {
  const of = (wanted: boolean): Section =>
    Object.fromEntries(
      inputs
        .filter(([, { optional = false }]) => optional === wanted)
        .map(([name, input]) => [name, describeInput(input)]),
    );
  return { required: of(false), optional: of(true) };
}

function describeInput(input: InputDefinition): InputInfo {
  const { type, choices, branches, grow, lazy, options = {} } = input;
  const shown = { ...options, ...(lazy && { lazy }) };
  if (grow) {
    const { grow: _, lazy: __, ...one } = input;
    // The template's own name is only shown where an editor cannot number; the prefix is what it numbers.
    const template = { input: { required: { [grow.prefix]: describeInput(one) } }, ...grow };
    return ["COMFY_AUTOGROW_V3", { ...(lazy && { lazy }), template }];
  }
  if (branches) {
    const options = Object.entries(branches).map(([key, inside]) => {
      const { required, optional } = sections(Object.entries(inside));
      return { key, inputs: { required, ...(Object.keys(optional).length > 0 && { optional }) } };
    });
    return ["COMFY_DYNAMICCOMBO_V3", { ...shown, options }];
  }
  if (type === "COMBO") return [choices ?? [], shown];
  // A type that editors have a widget for is a plain slot only if they are told.
  return [type, input.link && WIDGETS.has(type) ? { ...shown, forceInput: true } : shown];
}

const WIDGETS = new Set(["INT", "FLOAT", "STRING", "BOOLEAN"]);
