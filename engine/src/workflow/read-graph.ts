import type { Finding } from "./findings.js";
import { isRecord, type Json, own, spelled } from "./records.js";
import { linkSchema, nodeSchema, readAs, slotSchema } from "./schema.js";
import type { BoundaryView, GraphView, InputView, LinkView, NodeView, OutputView } from "./view.js";

/** Says what is wrong with a part of the graph that is read. */
type Tell = (code: string, message: string, node?: string, severity?: Finding["severity"]) => void;

/** Reads a graph node by node and link by link; one that makes no sense is told and passed over. */
export function readGraph(raw: Json, graph: string): GraphView {
  const findings: Finding[] = [];
  const at = graph === "" ? "" : `subgraph ${graph}, `;
  const tell: Tell = (code, message, node, severity = "error") =>
    findings.push({ severity, code, message: at + message, graph, ...(node === undefined ? {} : { node }) });
  const inside = graph !== "";
  const inputNode = boundaryId(raw, "inputNode") ?? "-10";
  const outputNode = boundaryId(raw, "outputNode") ?? "-20";
  return {
    nodes: readNodes(raw, inside ? [inputNode, outputNode] : [], tell),
    links: readLinks(raw, tell),
    inputs: inside ? readBoundary(raw, "inputs", tell) : [],
    outputs: inside ? readBoundary(raw, "outputs", tell) : [],
    inputNode,
    outputNode,
    findings,
  };
}

function readNodes(raw: Json, taken: readonly string[], tell: Tell): ReadonlyMap<string, NodeView> {
  const nodes = new Map<string, NodeView>();
  for (const [index, value] of listOf(raw, "nodes", tell).entries()) {
    const given = idOf(value);
    const which = `nodes[${index}]${given === undefined ? "" : ` (node ${given})`} is passed over`;
    const read = readAs(nodeSchema, value, (reason) => tell("bad-node", `${which}: ${reason}`, given));
    if (!read) continue;
    const id = String(read.id);
    if (nodes.has(id) || taken.includes(id)) {
      const whose = taken.includes(id) ? "the subgraph's boundary" : "an earlier node";
      tell("duplicate-node", `${which}: it has the id of ${whose}`, id);
    } else nodes.set(id, readNode(id, value as Json, tell));
  }
  return nodes;
}

function readNode(id: string, raw: Json, tell: Tell): NodeView {
  const properties = own(raw, "properties");
  const named = own(raw, "widgets_values_named");
  return {
    id,
    type: raw.type as string,
    title: textOf(own(raw, "title")),
    mode: Number(own(raw, "mode") ?? 0),
    inputs: readSlots(raw, "inputs", id, tell).map(readInput),
    outputs: readSlots(raw, "outputs", id, tell).map(readOutput),
    properties: isRecord(properties) ? properties : {},
    values: own(raw, "widgets_values"),
    named: isRecord(named) ? named : undefined,
  };
}

/** The slots of a node. One that makes no sense keeps its place, because outputs are told by it. */
function readSlots(raw: Json, key: "inputs" | "outputs", node: string, tell: Tell): readonly Json[] {
  return listOf(raw, key, tell, node).map((value, index) => {
    const problem = (reason: string) => tell("bad-slot", `node ${node}, ${key}[${index}]: ${reason}`, node, "warning");
    return readAs(slotSchema, value, problem) ? (value as Json) : { name: "" };
  });
}

const readOutput = (raw: Json): OutputView => ({ name: raw.name as string, type: typeOf(raw.type) });

const readInput = (raw: Json): InputView => ({
  name: raw.name as string,
  type: typeOf(raw.type),
  link: raw.link === undefined || raw.link === null ? undefined : String(raw.link),
  widget: textOf(own(raw.widget, "name")),
});

function readBoundary(raw: Json, key: "inputs" | "outputs", tell: Tell): readonly BoundaryView[] {
  return listOf(raw, key, tell).map((value, index) => {
    const read = readAs(slotSchema, value, (reason) => tell("bad-slot", `${key}[${index}]: ${reason}`));
    const links = own(value, "linkIds");
    return {
      name: read?.name ?? "",
      type: typeOf(own(value, "type")),
      linkIds: Array.isArray(links) ? links.map(spelled) : [],
    };
  });
}

function readLinks(raw: Json, tell: Tell): ReadonlyMap<string, LinkView> {
  const links = new Map<string, LinkView>();
  for (const [index, value] of listOf(raw, "links", tell).entries()) {
    const problem = (reason: string) =>
      tell("bad-link", `links[${index}] is passed over: ${reason}`, undefined, "warning");
    const read = readAs(linkSchema, Array.isArray(value) ? linkObject(value) : value, problem);
    if (!read) continue;
    const link = {
      id: String(read.id),
      origin: String(read.origin_id),
      slot: Number(read.origin_slot),
      target: String(read.target_id),
      targetSlot: Number(read.target_slot),
    };
    const earlier = links.get(link.id);
    if (!earlier) links.set(link.id, link);
    else if (earlier.origin !== link.origin || earlier.slot !== link.slot)
      tell(
        "duplicate-link",
        `links[${index}] has the id ${link.id} of another link and is passed over`,
        undefined,
        "warning",
      );
  }
  return links;
}

/** A link as version 0.4 has it, with names. */
const linkObject = ([id, origin_id, origin_slot, target_id, target_slot]: readonly unknown[]) => ({
  ...{ id, origin_id, origin_slot, target_id, target_slot },
});

/** A list of a graph or node; one that is missing is empty, one that is something else is told. */
function listOf(raw: Json, key: string, tell: Tell, node?: string): readonly unknown[] {
  const list = own(raw, key);
  if (Array.isArray(list)) return list;
  if (list !== undefined && list !== null)
    tell(`bad-${key}`, `${node === undefined ? "" : `node ${node}: `}${key} is no list and is passed over`, node);
  return [];
}

/** Socket types are texts; several are a list, or joined by commas; the editor's wildcard is also 0 or empty. */
function typeOf(type: unknown): string {
  if (typeof type === "string") return type || "*";
  if (type === 0 || type === undefined || type === null) return "*";
  return Array.isArray(type) ? type.map(spelled).join(",") : spelled(type);
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** The id of a part that could not be read, if it has one. */
function idOf(value: unknown): string | undefined {
  const id = own(value, "id");
  return typeof id === "number" || typeof id === "string" || typeof id === "bigint" ? String(id) : undefined;
}

const boundaryId = (raw: Json, key: string): string | undefined => idOf(own(raw, key));
