// @ts-check
import { dirname } from "node:path";
import { readHeader } from "@mezzotint/engine/onnx";
import { openCheckpoint, unetSession, unreadKeys, vectorCondition } from "@mezzotint/nodes-diffusion";
import { equal, sameNames } from "../compare.mjs";
import { floats, tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

const FAMILY = /** @type {Record<string, RegExp>} */ ({
  unet_sd15: /^sd1$/,
  unet_sdxl: /^sdxl/,
  unet_sd2inpaint: /^sd2$/,
});

/** What is no network's in the files of a set, as in real ones. */
const EXTRAS = /^(betas|alphas_cumprod|model_ema\..*)$|position_ids$/;

/** A UNet in each layout that the set has, called once for each run. @type {Handler} */
export async function* unet(c, { set, inference }) {
  const { attention_head_dim: heads, norm_num_groups: groups } = c.config;
  const open = {
    diffusers: () => openCheckpoint(dirname(set.path(c.files.diffusers))),
    // A single file has no head count in it, and a network this small breaks the rule of its family.
    ldm: () => openCheckpoint(set.path(c.files.ldm), { unet: { heads, groups } }),
  };
  const io = await set.tensors(c.files.io);
  for (const [layout, opened] of Object.entries(open)) {
    if (c.files[layout] === undefined) continue;
    yield {
      name: `${layout}: every key read or reported`,
      compare: async () => {
        const checkpoint = await opened();
        const keys = layout === "ldm" ? [...(await readHeader(set.path(c.files.ldm))).tensors.keys()] : [];
        return [
          sameNames(
            checkpoint.ignored,
            keys.filter((key) => EXTRAS.test(key)),
          ),
          sameNames([...checkpoint.unknown, ...(await unreadKeys(checkpoint))], []),
          equal([Number(FAMILY[c.id]?.test(checkpoint.model?.family ?? "") ?? true)], [1]),
        ];
      },
    };
    for (const { i } of c.runs)
      yield {
        name: `${layout} ${i}`,
        compare: async () => {
          const { model } = await opened();
          if (!model) throw new Error("no UNet was found in it");
          const feeds = {
            sample: floats(io, `in.${i}.x`),
            timestep: floats(io, `in.${i}.t`),
            context: floats(io, `in.${i}.ctx`),
            ...(io.has(`in.${i}.pooled`) && {
              y: vectorOf(
                floats(io, `in.${i}.pooled`),
                floats(io, `in.${i}.time_ids`),
                c.config.addition_time_embed_dim,
              ),
            }),
          };
          const { outputs } = await inference.run(await unetSession(model), feeds);
          return [{ got: outputs.prediction?.data ?? [], want: tensor(io, `out.${i}`).data, ...c.tolerance }];
        },
      };
  }
}

/**
 * SDXL's vector from a set's pooled text [B,P] and its sizes [B,6], each as sinusoids of a width.
 * @param {import("@mezzotint/engine").Tensor} pooled @param {import("@mezzotint/engine").Tensor} sizes @param {number} width
 */
function vectorOf(pooled, { dims: [batch = 0, count = 0], data }, width) {
  const rows = Array.from({ length: batch }, (_, i) => [...data.subarray(i * count, (i + 1) * count)]);
  return vectorCondition(pooled, rows, (pooled.dims[1] ?? 0) + count * width);
}
