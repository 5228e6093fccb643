import type { Finding } from "./findings.js";
import { isRecord, type Json, own } from "./records.js";

/** One graph of a file: the root, whose id is "", or the definition of a subgraph. */
export interface SavedGraph {
  readonly id: string;
  readonly name: string;
  readonly raw: Json;
}

/** The root and every subgraph that a file defines, also inside subgraphs. Definitions without an id are findings. */
export function graphsIn(json: Json): {
  readonly graphs: readonly SavedGraph[];
  readonly findings: readonly Finding[];
} {
  const graphs = new Map<string, SavedGraph>([["", { id: "", name: "", raw: json }]]);
  const findings: Finding[] = [];
  // A map visits what is added to it on the way.
  for (const { id: graph, raw } of graphs.values()) {
    const list = own(own(raw, "definitions"), "subgraphs");
    for (const [index, definition] of (Array.isArray(list) ? list : []).entries()) {
      const id = own(definition, "id");
      const tell = (code: string, message: string) =>
        findings.push({ severity: "error", code, message: `definitions.subgraphs[${index}] ${message}`, graph });
      if (!isRecord(definition) || typeof id !== "string" || id === "")
        tell("bad-subgraph", "has no id, so no node can be an instance of it: a definition needs a text as its id");
      else if (!Array.isArray(own(definition, "nodes")))
        tell("bad-subgraph", `(${id}) has no list of nodes, so its instances are empty`);
      else if (graphs.has(id)) tell("duplicate-subgraph", `has the id ${id} of an earlier definition, which is used`);
      else {
        const name = own(definition, "name");
        graphs.set(id, { id, name: typeof name === "string" && name ? name : id, raw: definition });
      }
    }
  }
  return { graphs: [...graphs.values()], findings };
}
