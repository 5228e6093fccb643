import { type NodeType, nodesOf, type PromptProblems, provide, services } from "@mezzotint/engine";
import { core } from "../builtin.js";
import type { Runtime } from "../runtime.js";

const MOST = 4;

/** The kinds of models that an input's choices are, found by asking for them; none if they are something else. */
async function kindsOf(node: NodeType, input: string, { use }: Runtime): Promise<readonly string[]> {
  const { FOLDERS } = await core();
  const kinds = new Set<string>();
  const folders = use(FOLDERS);
  const models = (kind: string) => {
    kinds.add(kind);
    return folders.models(kind);
  };
  const watching = provide(FOLDERS, { ...folders, models });
  const choices = Object.hasOwn(node.inputs, input) ? node.inputs[input]?.choices : undefined;
  // A list that needs more than the folders is no list of models.
  if (typeof choices === "function")
    await Promise.resolve(services([watching]))
      .then(choices)
      .catch(() => []);
  return [...kinds];
}

/**
 * What to do about models that a prompt asks for and that are not there, in one sentence for all of them: where to put
 * them, how to name others, how to use those of a ComfyUI installation. Nothing if none is missing.
 */
export async function waysOut(problems: PromptProblems, runtime: Runtime): Promise<string | undefined> {
  const nodes = nodesOf(runtime.packs);
  const kinds = new Set<string>();
  let first: string | undefined;
  for (const [id, { class_type, errors }] of Object.entries(problems)) {
    for (const { type, extra_info } of errors) {
      const name = extra_info.input_name;
      const node = nodes.get(class_type);
      if (type !== "value_not_in_list" || typeof name !== "string" || !node || kinds.size >= MOST) continue;
      const found = await kindsOf(node, name, runtime);
      for (const kind of found) kinds.add(kind);
      if (found.length > 0) first ??= `${id}.${name}`;
    }
  }
  if (first === undefined) return undefined;
  const { FOLDERS } = await core();
  const folders = [...kinds].map((kind) => `${kind} in ${runtime.use(FOLDERS).roots(kind).join(" or ")}`);
  return `models are looked for in folders: ${folders.join("; ")}. Put the file there, name another by --set ${first}=…, or use an installation's models by "mezzotint import DIR"`;
}
