import { block, choiceOf, defineNode } from "@mezzotint/engine";
import { FOLDERS } from "@mezzotint/nodes-core";
import { checkpointIdentity, openCheckpoint } from "../models/index.js";
import { CLIP, MODEL, VAE } from "../sockets.js";

/** Opens a checkpoint: a `.safetensors` file, or a folder in diffusers' layout. */
export const checkpointLoaderSimple = defineNode({
  id: "CheckpointLoaderSimple",
  title: "Load Checkpoint",
  category: "loaders",
  doc: "Opens a checkpoint: the network that makes pictures, the one that reads text, and the one between pictures and latents.",
  inputs: {
    ckpt_name: choiceOf((use) => use(FOLDERS).models("checkpoints"), {
      tooltip: "A .safetensors file or a diffusers folder.",
    }),
  },
  outputs: { MODEL, CLIP, VAE },
  version: ({ ckpt_name }, ctx) =>
    ckpt_name === undefined ? "" : checkpointIdentity(ctx.use(FOLDERS).model("checkpoints", ckpt_name)),
  run: async ({ ckpt_name }, ctx) => {
    const { model, clip, vae } = await openCheckpoint(ctx.use(FOLDERS).model("checkpoints", ckpt_name));
    const without = (what: string) => block(`The checkpoint ${ckpt_name} has no ${what}: load one with another node.`);
    return {
      MODEL: model ?? without("diffusion model"),
      CLIP: clip ?? without("text encoder"),
      VAE: vae ?? without("autoencoder (VAE)"),
    };
  },
});

/** Opens an autoencoder that stands alone, or the one of a checkpoint. */
export const vaeLoader = defineNode({
  id: "VAELoader",
  title: "Load VAE",
  category: "loaders",
  doc: "Opens an autoencoder, to be used in place of the one in a checkpoint.",
  inputs: { vae_name: choiceOf((use) => use(FOLDERS).models("vae")) },
  outputs: { VAE },
  version: ({ vae_name }, ctx) =>
    vae_name === undefined ? "" : checkpointIdentity(ctx.use(FOLDERS).model("vae", vae_name)),
  run: async ({ vae_name }, ctx) => {
    const { vae } = await openCheckpoint(ctx.use(FOLDERS).model("vae", vae_name));
    if (!vae) throw new Error(`${vae_name} has no autoencoder (VAE); a checkpoint belongs into models/checkpoints`);
    return { VAE: vae };
  },
});
