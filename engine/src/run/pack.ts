import type { Input } from "./inputs.js";
import type { NodeType } from "./node.js";

/** A set of nodes that is installed, versioned and shared together. A pack's module has one as its default export. */
export interface Pack {
  readonly name: string;
  /** Joins the cache key of every node in the pack: a new version never serves an old version's results. */
  readonly version: string;
  readonly nodes: readonly NodeType[];
}

/**
 * Defines a pack. Refuses two nodes of one id, and names that look like integers: JavaScript would list them first,
 * and the order of inputs and outputs is how saved workflows find their widgets and slots.
 */
export function definePack(pack: Pack): Pack {
  const seen = new Set<string>();
  for (const { id, inputs, outputs } of pack.nodes) {
    if (seen.has(id)) throw new Error(`pack ${pack.name} defines ${id} twice`);
    seen.add(id);
    checkInputs(inputs, `pack ${pack.name}: ${id}`);
    checkNames(Object.keys(outputs), `pack ${pack.name}: ${id}`, "output");
  }
  return pack;
}

function checkInputs(inputs: Readonly<Record<string, Input<unknown>>>, place: string): void {
  checkNames(Object.keys(inputs), place, "input");
  for (const [name, { branches }] of Object.entries(inputs)) {
    if (!branches) continue;
    checkNames(Object.keys(branches), `${place}, input ${name}`, "choice");
    for (const inside of Object.values(branches)) checkInputs(inside, `${place}, input ${name}`);
  }
}

function checkNames(names: readonly string[], place: string, kind: string): void {
  const bad = names.find((name) => /^(0|[1-9]\d*)$/.test(name) || name === "__proto__");
  if (bad !== undefined)
    throw new Error(`${place}: the ${kind} "${bad}" needs a name that keeps its place, e.g. "${kind}${bad}"`);
}
