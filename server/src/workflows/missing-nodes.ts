import { nameOf, type Problem, type Prompt, type Refused } from "@mezzotint/engine";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The pack that an editor noted for each type of node in a saved workflow, in subgraphs too. The first one counts. */
function packsNamed(saved: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const { nodes, definitions } = saved;
  const subgraphs = isRecord(definitions) ? list(definitions.subgraphs) : [];
  const packs = new Map<string, string>();
  for (const node of [nodes, ...subgraphs.map((graph) => isRecord(graph) && graph.nodes)].flatMap(list)) {
    if (!isRecord(node) || typeof node.type !== "string" || !isRecord(node.properties)) continue;
    const pack = node.properties.cnr_id ?? node.properties.aux_id;
    if (typeof pack === "string" && pack !== "" && !packs.has(node.type)) packs.set(node.type, pack.slice(0, 100));
  }
  return packs;
}

/** ComfyUI's own nodes, as its editor calls their pack. */
const COMFYUI = "comfy-core";

/**
 * Tells of nodes whose type is not installed where they come from: ComfyUI itself, or the pack that the saved workflow
 * names. A type of ComfyUI's is no misspelling, so no other type is suggested for it.
 */
export async function explainMissing(
  refused: Refused,
  prompt: Prompt,
  saved: Readonly<Record<string, unknown>> = {},
): Promise<Refused> {
  if (refused.error.type !== "missing_node_type") return refused;
  const packs = packsNamed(saved);
  // Loaded for those who need it only.
  const { COMFYUI_NODES } = await import("./comfyui-nodes.js");
  const explain = <P extends Problem<string>>(problem: P): P => {
    const { node_id: id, class_type: type } = problem.extra_info;
    if (problem.type !== "missing_node_type" || typeof id !== "string" || typeof type !== "string") return problem;
    const pack = packs.get(type);
    if (COMFYUI_NODES.has(type) || pack === COMFYUI) {
      const what = `${type.slice(0, 100)} is a node of ComfyUI that Mezzotint does not have yet`;
      return { ...problem, details: `${nameOf(id, prompt[id]!)}: ${what}` };
    }
    return pack === undefined
      ? problem
      : { ...problem, details: `${problem.details} (of the pack ${JSON.stringify(pack)}, says the file)` };
  };
  const explained = Object.entries(refused.node_errors).map(([id, { errors, ...rest }]) => [
    id,
    { ...rest, errors: errors.map(explain) },
  ]);
  return { error: explain(refused.error), node_errors: Object.fromEntries(explained) };
}
