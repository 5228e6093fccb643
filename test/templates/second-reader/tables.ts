/** A node as a file has it; nothing is assumed about what it holds. */
export interface SavedNode {
  readonly id: number | string;
  readonly type: string;
  readonly title?: string;
  readonly mode?: number;
  readonly inputs?: readonly SavedInput[];
  readonly outputs?: readonly { readonly name: string; readonly type: unknown }[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly widgets_values?: readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly widgets_values_named?: Readonly<Record<string, unknown>>;
}

export interface SavedInput {
  readonly name: string;
  readonly type: unknown;
  readonly link?: number | null;
  readonly widget?: { readonly name: string };
}

interface SavedLink {
  readonly id: number;
  readonly origin_id: number | string;
  readonly origin_slot: number;
  readonly target_id: number | string;
  readonly target_slot: number;
}

interface SavedSlot {
  readonly name: string;
  readonly type: unknown;
  readonly linkIds?: readonly number[];
}

/** A definition of `definitions.subgraphs`. */
export interface SavedSubgraph {
  readonly id: string;
  readonly name: string;
  readonly inputNode?: { readonly id: number };
  readonly outputNode?: { readonly id: number };
  readonly inputs: readonly SavedSlot[];
  readonly outputs: readonly SavedSlot[];
  readonly nodes: readonly SavedNode[];
  readonly links: readonly (SavedLink | readonly unknown[])[];
}

/** A whole file. */
export interface SavedFile {
  readonly nodes: readonly SavedNode[];
  readonly links: readonly (SavedLink | readonly unknown[])[];
  readonly definitions?: { readonly subgraphs?: readonly SavedSubgraph[] };
}

/** A node where it runs: the same definition's node is a row for each instance. `place` is the path of instances. */
export interface Row {
  readonly id: string;
  readonly place: string;
  readonly node: SavedNode;
  /** What an instance of a subgraph stands for. */
  readonly body?: SavedSubgraph;
}

/** One file as flat tables: no graph holds another any more, names carry the paths. */
export interface Tables {
  /** By execution id, bodies where their instances are. */
  readonly rows: ReadonlyMap<string, Row>;
  /** The end a link starts at, by `place|link id`. */
  readonly wires: ReadonlyMap<string, { readonly id: string; readonly slot: number }>;
  /** The start of what an instance gives, by `place|output name`. */
  readonly exits: ReadonlyMap<string, { readonly id: string; readonly slot: number }>;
  /** The SetNode of a name, by `place|name`. */
  readonly setters: ReadonlyMap<string, Row>;
  readonly bodies: ReadonlyMap<string, SavedSubgraph>;
}

export const at = (place: string, id: string | number): string => (place === "" ? String(id) : `${place}:${id}`);
export const boundary = ({ inputNode, outputNode }: SavedSubgraph) => ({
  entry: String(inputNode?.id ?? -10),
  exit: String(outputNode?.id ?? -20),
});

/** Lays a file out as tables. Throws when subgraphs hold one another without end. */
export function tabulate(file: SavedFile): Tables {
  const bodies = new Map((file.definitions?.subgraphs ?? []).map((body) => [body.id, body]));
  const rows = new Map<string, Row>();
  const wires = new Map<string, { id: string; slot: number }>();
  const exits = new Map<string, { id: string; slot: number }>();
  const setters = new Map<string, Row>();

  const lay = (place: string, links: SavedFile["links"], body?: SavedSubgraph): void => {
    const leaving = new Map<number, SavedLink>();
    for (const link of links.map(fields)) {
      wires.set(`${place}|${link.id}`, { id: String(link.origin_id), slot: Number(link.origin_slot) });
      if (body !== undefined && String(link.target_id) === boundary(body).exit) leaving.set(link.id, link);
    }
    for (const [slot, { name, linkIds = [] }] of (body?.outputs ?? []).entries()) {
      // Where several links end at one output, ComfyUI's editor takes the first that the output lists.
      const ids = [...linkIds, ...leaving.keys()].filter((id) => Number(leaving.get(id)?.target_slot) === slot);
      const start = ids[0] === undefined ? undefined : wires.get(`${place}|${ids[0]}`);
      if (start !== undefined) exits.set(`${place}|${name}`, start);
    }
  };
  const rowsOf = (place: string, nodes: readonly SavedNode[]): Row[] =>
    nodes.map((node) => ({ id: at(place, node.id), place, node, ...bodyOf(bodies, node) }));

  lay("", file.links);
  // Last in, first out: an instance is followed by its body.
  const waiting = rowsOf("", file.nodes).reverse();
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.set(row.id, row);
    if (row.node.type === "SetNode") setters.set(`${row.place}|${first(row.node)}`, row);
    if (row.body === undefined || isOff(row.node)) continue;
    if (row.id.split(":").length > 50) throw new Error(`${row.id} holds itself`);
    lay(row.id, row.body.links, row.body);
    waiting.push(...rowsOf(row.id, row.body.nodes).reverse());
  }
  return { rows, wires, exits, setters, bodies };
}

/** Muted and bypassed nodes do not run. */
export const isOff = ({ mode }: SavedNode): boolean => mode === 2 || mode === 4;

/** The first of a node's widget values: a primitive's value, the name of a SetNode or GetNode. */
export const first = ({ widgets_values: values }: SavedNode): unknown => Object.values(values ?? [])[0];

function bodyOf(bodies: ReadonlyMap<string, SavedSubgraph>, { type }: SavedNode): { body?: SavedSubgraph } {
  const body = bodies.get(type);
  return body === undefined ? {} : { body };
}

function fields(link: SavedLink | readonly unknown[]): SavedLink {
  if (!Array.isArray(link)) return link as SavedLink;
  const [id, origin_id, origin_slot, target_id, target_slot] = link;
  return { id, origin_id, origin_slot, target_id, target_slot };
}
