import { promoted } from "./promotions.js";
import { at, boundary, first, isOff, type Row, type Tables } from "./tables.js";

/** Where an input's value comes from: an output of a node that runs, a literal, or nowhere. */
export type Source =
  | { readonly kind: "output"; readonly link: readonly [id: string, slot: number] }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "nothing" };

/** Types as text; several are joined by commas. */
const typeText = (type: unknown): string => (Array.isArray(type) ? type.join(",") : String(type ?? "*"));

const isAny = (type: string): boolean => type === "*" || type === "";

function fits(a: string, b: string): boolean {
  if (isAny(a) || isAny(b)) return true;
  const offered = new Set(a.toLowerCase().split(","));
  return (
    b
      .toLowerCase()
      .split(",")
      .some((type) => offered.has(type) || isAny(type)) || offered.has("*")
  );
}

/** The input that takes the place of a bypassed node's output for a consumer of type `wanted`; -1 if none does. */
function bypassed(row: Row, slot: number, wanted: string): number {
  const inputs = (row.body?.inputs ?? row.node.inputs ?? []).map(({ type }) => typeText(type));
  const outputs = (row.body?.outputs ?? row.node.outputs ?? []).map(({ type }) => typeText(type));
  if (isAny(wanted)) return slot < inputs.length ? slot : 0;
  const suits = (type: string | undefined) =>
    type !== undefined && fits(type, outputs[slot] ?? "*") && fits(type, wanted);
  if (suits(inputs[slot])) return slot;
  const same = inputs.indexOf(wanted);
  return same >= 0 ? same : inputs.findIndex(suits);
}

const nothing: Source = { kind: "nothing" };

/**
 * Walks back from an input, one table entry at a time, to what gives its value. What instances on the way store is
 * kept: if the walk ends nowhere, the outermost of it counts.
 */
export function follow(tables: Tables, start: Row, index: number): Source {
  const wanted = typeText(start.node.inputs?.[index]?.type);
  const kept: unknown[] = [];
  const stop = (): Source => {
    const value = kept.findLast((candidate) => candidate !== undefined && candidate !== null);
    return value === undefined ? nothing : { kind: "literal", value };
  };
  const passed = new Set<string>();
  let row = start;
  let input = index;
  for (;;) {
    const step = `${row.id}|${input}`;
    if (passed.has(step)) throw new Error(`links go round in a circle at ${row.id}`);
    passed.add(step);
    const link = row.node.inputs?.[input]?.link;
    const wire = link === undefined || link === null ? undefined : tables.wires.get(`${row.place}|${link}`);
    if (wire === undefined) return stop();

    // Into subgraphs, as long as the output is an instance's; then the link ends at a plain node or at the boundary.
    let { id, slot } = wire;
    let place = row.place;
    let owner: Row | undefined;
    for (;;) {
      const outer = tables.rows.get(place);
      if (outer?.body !== undefined && id === boundary(outer.body).entry) break;
      owner = tables.rows.get(at(place, id));
      if (owner?.body === undefined || isOff(owner.node)) break;
      const name = owner.node.outputs?.[slot]?.name;
      const known = owner.body.outputs.some((output) => output.name === name);
      const exit = tables.exits.get(`${owner.id}|${known ? name : owner.body.outputs[slot]?.name}`);
      if (exit === undefined) return stop();
      place = owner.id;
      ({ id, slot } = exit);
      owner = undefined;
    }
    if (owner === undefined) {
      const instance = tables.rows.get(place);
      if (instance?.body === undefined || id !== boundary(instance.body).entry) return stop();
      const name = instance.body.inputs[slot]?.name ?? "";
      kept.push(promoted(instance, name, tables));
      row = instance;
      input = instance.node.inputs?.findIndex((candidate) => candidate.name === name) ?? -1;
      continue;
    }

    const { node } = owner;
    if (node.mode === 2) return stop();
    if (node.type === "PrimitiveNode") return node.mode === 4 ? stop() : { kind: "literal", value: first(node) };
    row = owner;
    if (node.type === "Reroute" || node.type === "SetNode") input = 0;
    else if (node.type === "GetNode") {
      const setter = setterFor(tables, owner);
      if (setter === undefined || setter.node.mode === 2) return stop();
      row = setter;
      input = 0;
    } else if (node.mode === 4) {
      const through = bypassed(owner, slot, wanted);
      const name = owner.body?.inputs[through]?.name;
      input =
        owner.body === undefined ? through : (node.inputs ?? []).findIndex((candidate) => candidate.name === name);
    } else if (node.type === "Note" || node.type === "MarkdownNote") return stop();
    else return { kind: "output", link: [owner.id, slot] };
  }
}

/** The SetNode that a GetNode reads: in its own graph, else in the graphs around it. */
function setterFor({ setters }: Tables, { place, node }: Row): Row | undefined {
  const steps = place === "" ? [] : place.split(":");
  for (let depth = steps.length; depth >= 0; depth--) {
    const setter = setters.get(`${steps.slice(0, depth).join(":")}|${first(node)}`);
    if (setter !== undefined) return setter;
  }
  return undefined;
}
