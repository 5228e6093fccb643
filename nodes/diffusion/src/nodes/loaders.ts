import { block, choice, choiceOf, defineNode, type Use } from "@mezzotint/engine";
import { FOLDERS } from "@mezzotint/nodes-core";
import {
  type Checkpoint,
  checkpointIdentity,
  openCheckpoint,
  openTinyVae,
  PIXEL_SPACE,
  TINY_VAES,
} from "../models/index.js";
import { whyNotSampled } from "../sampling/index.js";
import { CLIP, MODEL, VAE } from "../sockets.js";

/**
 * Why the model of a file is of no use, from its header alone, so that nothing is compiled first. What cannot be opened
 * is not judged: opening it says more.
 */
async function unsupported(path: string, name: string): Promise<string | undefined> {
  const { model } = await openCheckpoint(path).catch((): Partial<Checkpoint> => ({}));
  return model && whyNotSampled(model, name);
}

/** The name under which VAELoader offers `PIXEL_SPACE`. */
const PIXELS = "pixel_space";

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
  // Who reads which output is not known here: a checkpoint that cannot be sampled is refused even where only its VAE is wanted.
  check: async ({ ckpt_name }, ctx) => {
    if (ckpt_name === undefined) return undefined;
    const reason = await unsupported(ctx.use(FOLDERS).model("checkpoints", ckpt_name), ckpt_name);
    return reason && `${reason} (for its VAE alone, link the file into models/vae and use VAELoader)`;
  },
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

/** Opens a UNet that stands alone. */
export const unetLoader = defineNode({
  id: "UNETLoader",
  title: "Load Diffusion Model",
  category: "advanced/loaders",
  doc: "Opens a diffusion model (UNet) that stands alone, without text encoder and autoencoder.",
  inputs: {
    unet_name: choiceOf((use) => use(FOLDERS).models("diffusion_models")),
    weight_dtype: choice(["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"], {
      tooltip:
        "Taken as `default`, whatever it is: weights stay as the file has them and are computed with in full precision. The fp8 types would only make the picture worse.",
    }),
  },
  outputs: { MODEL },
  check: ({ unet_name }, ctx) =>
    unet_name === undefined ? undefined : unsupported(ctx.use(FOLDERS).model("diffusion_models", unet_name), unet_name),
  version: ({ unet_name }, ctx) =>
    unet_name === undefined ? "" : checkpointIdentity(ctx.use(FOLDERS).model("diffusion_models", unet_name)),
  run: async ({ unet_name }, ctx) => {
    const { model } = await openCheckpoint(ctx.use(FOLDERS).model("diffusion_models", unet_name));
    if (!model) throw new Error(`${unet_name} has no diffusion model: it belongs into another folder of models`);
    return { MODEL: model };
  },
});

/** The two files of a tiny autoencoder in `models/vae_approx`. */
const halves = (name: string): readonly [encoder: string, decoder: string] => [
  `${name}_encoder.safetensors`,
  `${name}_decoder.safetensors`,
];

/** What VAELoader offers: the autoencoders that stand alone, tiny ones whose two files are there, and no autoencoder. */
function vaeNames(use: Use): readonly string[] {
  const approximate = new Set(use(FOLDERS).models("vae_approx"));
  const tiny = TINY_VAES.filter((name) => halves(name).every((file) => approximate.has(file)));
  return [...use(FOLDERS).models("vae"), ...tiny, PIXELS];
}

/** Opens an autoencoder that stands alone, or the one of a checkpoint. */
export const vaeLoader = defineNode({
  id: "VAELoader",
  title: "Load VAE",
  category: "loaders",
  doc: "Opens an autoencoder, to be used in place of the one in a checkpoint.",
  inputs: {
    vae_name: choiceOf(vaeNames, {
      tooltip:
        "A file of models/vae; taesd, taesdxl, taesd3 or taef1 (quick and near enough) when both their files are in models/vae_approx; or pixel_space, for models that work on pixels.",
    }),
  },
  outputs: { VAE },
  version: async ({ vae_name }, ctx) => {
    if (vae_name === undefined || vae_name === PIXELS) return "";
    const folders = ctx.use(FOLDERS);
    if (!TINY_VAES.includes(vae_name)) return checkpointIdentity(folders.model("vae", vae_name));
    return checkpointIdentity(...halves(vae_name).map((file) => folders.model("vae_approx", file)));
  },
  run: async ({ vae_name }, ctx) => {
    const folders = ctx.use(FOLDERS);
    if (vae_name === PIXELS) return { VAE: PIXEL_SPACE };
    if (TINY_VAES.includes(vae_name)) {
      const files = halves(vae_name).map((file) => folders.model("vae_approx", file));
      return { VAE: await openTinyVae(files, vae_name) };
    }
    const { vae } = await openCheckpoint(folders.model("vae", vae_name));
    if (!vae) throw new Error(`${vae_name} has no autoencoder (VAE); a checkpoint belongs into models/checkpoints`);
    return { VAE: vae };
  },
});
