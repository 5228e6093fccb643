// @ts-check
import { dirname } from "node:path";
import { openCheckpoint, openTinyVae, vaeDecoderSession, vaeEncoderSession } from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** A tiny autoencoder, in diffusers' folder and in the two original files: both ways. @type {Handler} */
export async function* taesd(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  const halves = [c.files.taesd_encoder, c.files.taesd_decoder].map((file) => set.path(file));
  /** @type {Record<string, () => Promise<import("@mezzotint/nodes-diffusion").Vae | undefined>>} */
  const layouts = {
    diffusers: async () => (await openCheckpoint(dirname(set.path(c.files.diffusers)))).vae,
    original: () => openTinyVae(halves, "taesd"),
  };
  for (const [layout, openLayout] of Object.entries(layouts)) {
    const open = async () => {
      const vae = await openLayout();
      if (vae?.architecture !== "tiny") throw new Error("no tiny autoencoder was found in it");
      return vae;
    };
    // The manifest does not say how many pictures and latents there are.
    for (let i = 0; io.has(`in.${i}.x`); i++) {
      /** @param {string} what @param {ArrayLike<number>} got @returns {import("../compare.mjs").Comparison} */
      const against = (what, got) => ({ what, got, want: tensor(io, `out.${i}.${what}`).data, ...c.tolerance });
      yield {
        name: `${layout} ${i} encoded`,
        compare: async () => {
          const feeds = { image: floats(io, `in.${i}.x`) };
          const { outputs } = await inference.run(await vaeEncoderSession(await open()), feeds);
          return [against("latents", outputs.mean?.data ?? [])];
        },
      };
      yield {
        name: `${layout} ${i} decoded`,
        compare: async () => {
          const feeds = { latent: floats(io, `in.${i}.z`) };
          const { outputs } = await inference.run(await vaeDecoderSession(await open()), feeds);
          return [against("decoded", outputs.image?.data ?? [])];
        },
      };
    }
  }
}
