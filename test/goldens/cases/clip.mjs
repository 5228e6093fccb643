// @ts-check
import { dirname } from "node:path";
import { clipSession, openCheckpoint } from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** The files of a text encoder, by what the manifest calls them. */
const ROLES = ["hf", "ldm", "ldm_sdxl"];

/** A text encoder in each layout that the set has: every layer that pictures are made with, and the pooled text. @type {Handler} */
export async function* clip(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  const ids = tensor(io, "in.ids");
  const layers = c.config.num_hidden_layers;
  const wanted = /** @type {const} */ ([
    [layers, { last_raw: "hidden", last_normed: "normed", pooled: "pooled", pooled_projected: "pooled" }],
    [layers - 1, { penultimate: "hidden", penultimate_normed: "normed" }],
    [layers - 2, { skip3: "hidden", skip3_normed: "normed" }],
  ]);
  for (const role of ROLES) {
    if (c.files[role] === undefined) continue;
    for (const [layer, names] of wanted)
      yield {
        name: `${role} layer ${layer} of ${layers}`,
        compare: async () => {
          const path = set.path(c.files[role]);
          const { clip } = await (role === "hf"
            ? openCheckpoint(dirname(path))
            : openCheckpoint(path, { clip: encoderConfig(c.config) }));
          const [encoder] = clip?.encoders ?? [];
          if (!encoder) throw new Error("no text encoder was found in it");
          const session = await clipSession(encoder);
          const width = Number(session.inputs.find(({ name }) => name === "vectors")?.dims?.[1]);
          const { outputs } = await inference.run(session, {
            ids: { dims: ids.dims, data: Int32Array.from(ids.data, Number) },
            vectors: { dims: [1, width], data: new Float32Array(width) },
            layer: { dims: [1], data: Int32Array.of(layer) },
          });
          return Object.entries(names)
            .filter(([name]) => io.has(`out.${name}`))
            .map(([name, output]) => ({
              what: name,
              got: outputs[output]?.data ?? [],
              want: floats(io, `out.${name}`).data,
              ...c.tolerance,
            }));
        },
      };
  }
}

/** What a transformers configuration says that the weights do not. @param {any} config */
export const encoderConfig = (config) => ({
  heads: config.num_attention_heads,
  activation: config.hidden_act,
  bos: config.bos_token_id,
  eos: config.eos_token_id,
  pad: config.pad_token_id,
});
