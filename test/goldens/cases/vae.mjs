// @ts-check
import { dirname } from "node:path";
import {
  openCheckpoint,
  samplePosterior,
  torchGenerator,
  vaeDecoderSession,
  vaeEncoderSession,
} from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** The files of an autoencoder, by what the manifest calls them. */
const ROLES = ["diffusers", "ldm", "diffusers_legacy_names"];

/** An autoencoder in each layout that the set has: both ways, and a sample of the latent's distribution. @type {Handler} */
export async function* vae(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  for (const role of ROLES) {
    if (c.files[role] === undefined) continue;
    const open = async () => {
      const path = set.path(c.files[role]);
      const { vae } =
        role === "diffusers"
          ? await openCheckpoint(dirname(path))
          : await openCheckpoint(path, { vae: { groups: c.config.norm_num_groups } });
      if (!vae) throw new Error("no autoencoder was found in it");
      return vae;
    };
    for (const { i, sample_seed: seed } of c.runs) {
      /** @param {string} what @param {ArrayLike<number>} got @returns {import("../compare.mjs").Comparison} */
      const against = (what, got) => ({ what, got, want: tensor(io, `out.${i}.${what}`).data, ...c.tolerance });
      yield {
        name: `${role} ${i} encoded`,
        compare: async () => {
          const { outputs } = await inference.run(await vaeEncoderSession(await open()), {
            image: floats(io, `in.${i}.x`),
          });
          const { mean, logvar } = outputs;
          if (!mean || !logvar) throw new Error("the encoder gave no mean and logvar");
          const noise = torchGenerator(BigInt(seed)).randn(mean.data.length);
          return [
            against("mean", mean.data),
            against("logvar", logvar.data),
            against(
              "std",
              logvar.data.map((value) => Math.exp(value / 2)),
            ),
            against("sample_seeded", samplePosterior({ mean, logvar }, noise).data),
          ];
        },
      };
      yield {
        name: `${role} ${i} decoded`,
        compare: async () => {
          const { outputs } = await inference.run(await vaeDecoderSession(await open()), {
            latent: floats(io, `in.${i}.z`),
          });
          return [against("decoded", outputs.image?.data ?? [])];
        },
      };
    }
  }
}
