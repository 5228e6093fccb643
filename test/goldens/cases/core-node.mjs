// @ts-check
import pack from "@mezzotint/nodes-core";

/** What nodes that only compute ask of a run: whether to stop. @type {any} */
const CONTEXT = { signal: new AbortController().signal };

/**
 * What a core node makes of some inputs: its first output, a tensor.
 * @param {string} id @param {Readonly<Record<string, unknown>>} inputs
 * @returns {Promise<import("@mezzotint/engine").Tensor>}
 */
export async function runNode(id, inputs) {
  const node = pack.nodes.find((one) => one.id === id);
  if (!node) throw new Error(`there is no core node ${id}`);
  const [name = ""] = Object.keys(node.outputs);
  return /** @type {any} */ (await node.run(inputs, CONTEXT))[name];
}
