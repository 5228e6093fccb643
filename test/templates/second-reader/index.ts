import type { NodeDefinition } from "@mezzotint/engine";
import { follow } from "./follow.js";
import { isOff, type SavedFile, type SavedNode, tabulate } from "./tables.js";
import { namedValues, storedValues } from "./widgets.js";

/** A node call as API JSON has it. */
export interface Call {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly _meta: { readonly title: string };
  /** Its class is not known, and the file has values without names: others may guess them. */
  readonly partial: boolean;
}

/** Classes that editors draw and no engine runs. */
export const VIRTUAL: ReadonlySet<string> = new Set([
  "Note",
  "MarkdownNote",
  "Reroute",
  "PrimitiveNode",
  "SetNode",
  "GetNode",
]);

/**
 * Turns a saved workflow into API form, apart from `@mezzotint/engine/workflow`: the file is laid out as flat tables
 * first, then every input is looked up in them. Throws when links or subgraphs go round in a circle.
 */
export function secondReading(
  file: SavedFile,
  definitions: ReadonlyMap<string, NodeDefinition>,
): ReadonlyMap<string, Call> {
  const tables = tabulate(file);
  const calls = new Map<string, Call>();
  for (const row of tables.rows.values()) {
    const { node } = row;
    if (row.body !== undefined || VIRTUAL.has(node.type) || isOff(node)) continue;
    const definition = definitions.get(node.type);
    const stored = definition === undefined ? namedValues(node) : storedValues(node, definition);
    const inputs = Object.fromEntries(
      [...stored].filter(([, value]) => value !== undefined && value !== null).map(plain),
    );
    for (const [index, { name, link }] of (node.inputs ?? []).entries()) {
      if (link === undefined || link === null) continue;
      const source = follow(tables, row, index);
      if (source.kind === "output") inputs[name] = source.link;
      else if (source.kind === "literal" && source.value !== null) inputs[name] = wrapped(source.value);
    }
    const partial = definition === undefined && node.widgets_values_named === undefined;
    const title = node.title ?? definition?.title ?? node.type;
    calls.set(row.id, { class_type: node.type, inputs, _meta: { title }, partial });
  }
  return calls;
}

const wrapped = (value: unknown): unknown => (Array.isArray(value) ? { __value__: value } : value);
const plain = ([name, value]: readonly [string, unknown]): readonly [string, unknown] => [name, wrapped(value)];

/** The classes of a file that run, in subgraphs too. */
export function classesOf({ nodes, definitions: { subgraphs = [] } = {} }: SavedFile): ReadonlySet<string> {
  const bodies = new Set(subgraphs.map(({ id }) => id));
  const all: readonly SavedNode[] = [...nodes, ...subgraphs.flatMap((body) => body.nodes)];
  return new Set(all.map(({ type }) => type).filter((type) => !VIRTUAL.has(type) && !bodies.has(type)));
}
