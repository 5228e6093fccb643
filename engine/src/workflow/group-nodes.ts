import type { Definitions } from "../run/describe.js";
import { isRecord, type Json, own, spelled } from "./records.js";
import { type GraphView, viewOf } from "./view.js";
import { widgetsOf } from "./widgets.js";

/** A group of nodes that an older editor saved under a name, seen as the definition of a subgraph. */
export interface GroupNode {
  readonly name: string;
  readonly graph: GraphView;
  /** By inner node: the widgets that are slots, which may have no value in the instance's list. */
  readonly slots: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The group nodes of a file. Inner nodes are told by index; what nothing inside is linked to is their boundary. */
export function groupNodesIn(json: Json, classes: Definitions): readonly GroupNode[] {
  const groups = own(own(json, "extra"), "groupNodes");
  if (!isRecord(groups)) return [];
  return Object.entries(groups).flatMap(([name, group]) => {
    if (!isRecord(group) || !Array.isArray(group.nodes)) return [];
    const nodes = group.nodes.filter(isRecord).map((node, place) => draftOf(node, place, classes));
    const links = [...insideLinks(group, nodes)];
    const inputs = exposedInputs(group, nodes, links);
    const outputs = exposedOutputs(group, nodes, links);
    const raw = { nodes, links, inputs, outputs, inputNode: { id: INPUT }, outputNode: { id: OUTPUT } };
    const slots = new Map(nodes.map(({ id, slots }) => [id, slots]));
    return [{ name, graph: viewOf(raw, `workflow>${name}`), slots }];
  });
}

const INPUT = "boundary in";
const OUTPUT = "boundary out";

type Draft = Json & {
  readonly id: string;
  readonly inputs: (Json & { link: string | null })[];
  readonly outputs: readonly unknown[];
  readonly slots: ReadonlySet<string>;
};

interface Link {
  readonly id: string;
  readonly origin_id: string;
  readonly origin_slot: number;
  readonly target_id: string;
  readonly target_slot: number;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An inner node with no links yet, and with an input for every widget: instances may feed them all. */
function draftOf(node: Json, place: number, classes: Definitions): Draft {
  const inputs = listOf(node.inputs).map((input) => ({ ...(isRecord(input) ? input : {}), link: null }));
  const names = new Set(inputs.map((input) => own(input, "name")));
  const definition = typeof node.type === "string" ? classes.get(node.type) : undefined;
  const widgets = definition ? widgetsOf(definition).filter(({ name }) => !names.has(name)) : [];
  const slots = new Set(inputs.flatMap((input) => own(own(input, "widget"), "name") ?? []) as string[]);
  const added = widgets.map(({ name, input }) => ({ name, type: input.type, widget: { name }, link: null }));
  const id = spelled(node.index ?? place);
  return { ...node, id, inputs: [...inputs, ...added], outputs: listOf(node.outputs), slots };
}

function* insideLinks(group: Json, nodes: readonly Draft[]): Iterable<Link> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const [place, link] of listOf(group.links).entries()) {
    if (!Array.isArray(link)) continue;
    const [origin_id = "", from = "", target_id = "", to = ""] = link.map(spelled);
    const [origin_slot, target_slot] = [Number(from), Number(to)];
    const input = byId.get(target_id)?.inputs[target_slot];
    if (!input || !byId.has(origin_id)) continue;
    input.link = `inside ${place}`;
    yield { id: input.link, origin_id, origin_slot, target_id, target_slot };
  }
}

/** Names as the editor gives them: the second of two equal ones is told by its node's title. */
class Names {
  readonly #seen = new Map<string, number>();

  unique(node: Draft, name: string): string {
    const times = this.#seen.get(name);
    this.#seen.set(name, (times ?? 0) + 1);
    if (times === undefined) return name;
    const title = spelled(node.title ?? node.type);
    const longer = `${title} ${name}`;
    const again = this.#seen.get(longer);
    this.#seen.set(longer, (again ?? 0) + 1);
    return again === undefined ? longer : `${title}  ${again} ${name}`;
  }
}

interface Boundary {
  readonly name: string;
  readonly type: unknown;
}

/** Inputs that nothing inside feeds, in the order of nodes: those in the file after the other widgets. */
function exposedInputs(group: Json, nodes: readonly Draft[], links: Link[]): readonly Boundary[] {
  const names = new Names();
  const exposed: Boundary[] = [];
  for (const node of nodes) {
    const settings = own(own(group.config, node.id), "input");
    const given = listOf(node.inputs).filter((input) => !own(input, "widget"));
    const widgets = node.inputs.filter((input) => input.widget);
    for (const input of [...widgets, ...given] as Draft["inputs"]) {
      const setting = own(settings, spelled(input.name));
      if (input.link !== null || own(setting, "visible") === false) continue;
      const wanted = own(setting, "name") ?? input.label ?? input.name;
      input.link = `in ${exposed.length}`;
      const target_slot = node.inputs.indexOf(input);
      links.push({ id: input.link, origin_id: INPUT, origin_slot: exposed.length, target_id: node.id, target_slot });
      exposed.push({ name: names.unique(node, spelled(wanted)), type: input.type });
    }
  }
  return exposed;
}

/** Outputs that feed nothing inside, or are marked as external besides. */
function exposedOutputs(group: Json, nodes: readonly Draft[], links: Link[]): readonly Boundary[] {
  const names = new Names();
  const exposed: Boundary[] = [];
  const place = (id: unknown, slot: unknown) => `${spelled(id)} ${spelled(slot)}`;
  const inside = new Set(links.map(({ origin_id, origin_slot }) => place(origin_id, origin_slot)));
  for (const mark of listOf(group.external)) if (Array.isArray(mark)) inside.delete(place(mark[0], mark[1]));
  for (const node of nodes) {
    for (const [slot, output] of node.outputs.entries()) {
      const setting = own(own(own(group.config, node.id), "output"), String(slot));
      if (!(own(setting, "visible") ?? !inside.has(place(node.id, slot)))) continue;
      const wanted = own(setting, "name") ?? own(output, "label") ?? own(output, "name") ?? own(output, "type");
      const target_slot = exposed.length;
      links.push({ id: `out ${target_slot}`, origin_id: node.id, origin_slot: slot, target_id: OUTPUT, target_slot });
      exposed.push({ name: names.unique(node, spelled(wanted)), type: own(output, "type") });
    }
  }
  return exposed;
}
