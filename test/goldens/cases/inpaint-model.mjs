// @ts-check
import { openCheckpoint } from "@mezzotint/nodes-diffusion";
import { SetError } from "../read-set.mjs";

/**
 * A set's inpainting UNet as its whole runs use it: with the noise levels and the latent space of the runs' own model.
 * @param {import("../read-set.mjs").GoldenSet} set @param {import("@mezzotint/nodes-diffusion").Model} like
 * @returns {Promise<import("@mezzotint/nodes-diffusion").Model>}
 */
export async function inpaintModel(set, like) {
  const c = set.cases.find(({ id }) => id === "unet_sd2inpaint");
  if (!c) throw new SetError(`${set.dir} has no case unet_sd2inpaint, whose network its inpainting runs use`);
  const { attention_head_dim: heads, norm_num_groups: groups } = c.config;
  const { model } = await openCheckpoint(set.path(c.files.ldm), { unet: { heads, groups } });
  if (!model) throw new SetError(`no UNet was found in ${c.files.ldm}`);
  return { ...model, prediction: like.prediction, latent: like.latent };
}
