import { boundary, type Row, type SavedSubgraph, type Tables } from "./tables.js";

/** What an instance stores for one of its inputs, or nothing: the value then is the inner node's. */
export function promoted({ node, body }: Row, name: string, { bodies }: Tables): unknown {
  const names = body === undefined ? [] : widgetInputs(body, bodies);
  const place = names.indexOf(name);
  if (place < 0) return undefined;
  const named = node.widgets_values_named?.[name];
  if (named !== undefined && named !== null) return named;
  const values = Object.values(node.widgets_values ?? []);
  const proxies = proxiesOf(node.properties?.proxyWidgets);
  if (proxies.length === 0) return values[place];
  if (values.length !== proxies.length) return undefined;
  return values[proxies.findIndex(([id, widget]) => String(id) === "-1" && widget === name)];
}

function proxiesOf(stored: unknown): readonly (readonly unknown[])[] {
  const list = typeof stored === "string" ? JSON.parse(stored) : (stored ?? []);
  return list.filter(
    ([, name]: readonly [unknown, string]) => name !== "control_after_generate" && !name.startsWith("$$"),
  );
}

/** The inputs of a definition that end in a widget, in its order. */
function widgetInputs(body: SavedSubgraph, bodies: Tables["bodies"], outer: readonly string[] = []): readonly string[] {
  if (outer.includes(body.id)) throw new Error(`subgraph ${body.name} holds itself`);
  const nodes = new Map(body.nodes.map((node) => [String(node.id), node]));
  const links = body.links.map((link) =>
    Array.isArray(link)
      ? { id: link[0], from: String(link[1]), slot: Number(link[2]), to: String(link[3]) }
      : { id: (link as { id: number }).id, ...ends(link as never) },
  );
  const endsInWidget = (from: string, slot: number | undefined, seen: readonly string[]): boolean =>
    links.some((link) => {
      if (link.from !== from || (slot !== undefined && link.slot !== slot)) return false;
      const node = nodes.get(link.to);
      const input = node?.inputs?.find((candidate) => candidate.link === link.id);
      if (node === undefined || input === undefined) return false;
      if (node.type === "Reroute")
        return !seen.includes(link.to) && endsInWidget(link.to, undefined, [...seen, link.to]);
      const inner = bodies.get(node.type);
      if (inner !== undefined) return widgetInputs(inner, bodies, [...outer, body.id]).includes(input.name);
      return input.widget !== undefined;
    });
  const { entry } = boundary(body);
  return body.inputs.filter((_, slot) => endsInWidget(entry, slot, [])).map(({ name }) => name);
}

const ends = (link: { origin_id: unknown; origin_slot: unknown; target_id: unknown }) => ({
  from: String(link.origin_id),
  slot: Number(link.origin_slot),
  to: String(link.target_id),
});
