import { join } from "node:path";
import { type ConfigFile, readConfig } from "./config-file.js";
import type { Overrides } from "./describe.js";
import { describeClipPart, describeUnetPart, describeVaePart } from "./described-part.js";
import type { Checkpoint, LatentColours, Model, TextEncoder, Vae } from "./descriptions.js";
import type { Kind } from "./detect.js";
import { weightFiles } from "./folder.js";
import { readLatentColours } from "./latent-colours.js";
import { DEFAULT_PREDICTION, readPrediction } from "./network-config.js";
import { type Part, type Parts, readParts } from "./parts.js";

/** Opens a folder of diffusers' `StableDiffusion…Pipeline`s: one sub-folder a network, listed in `model_index.json`. */
export async function openPipeline(path: string, index: ConfigFile, overrides: Overrides): Promise<Checkpoint> {
  /** Parts that a pipeline has not are listed as `[null, null]`. */
  const has = (name: string): boolean => {
    const listed = index.get(name);
    return Array.isArray(listed) && listed[0] !== null;
  };
  const open = async (name: string, kind: Kind) => {
    if (!has(name)) return undefined;
    const folder = join(path, name);
    const read = await readParts(await weightFiles(folder), kind);
    return { ...read, part: partOf(read, kind, await readConfig(folder, "config.json")) };
  };
  const unet = await open("unet", "unet");
  if (!unet) throw new Error(`${index.path}: no "unet"; only pipelines of Stable Diffusion 1, 2 and XL are supported`);
  const vae = await open("vae", "vae");
  const texts = [await open("text_encoder", "clip"), await open("text_encoder_2", "clip")];

  const described = vae && ownScale(describeVaePart(vae.part, overrides));
  const scheduler = await readConfig(join(path, "scheduler"), "scheduler_config.json");
  const prediction = scheduler ? readPrediction(scheduler) : DEFAULT_PREDICTION;
  const unetModel = describeUnetPart(unet.part, { prediction, scale: described?.latent.scale }, overrides);
  const colours = await readConfig(path, "latent_colours.json");
  const model = colours ? withColours(unetModel, readLatentColours(colours, unetModel.latent.channels)) : unetModel;

  // SD2's folders have one layer less than its single files, so that the last is the one that it was trained on.
  const usual = model.family.startsWith("sdxl") ? { layer: -2, norm: false } : { layer: -1, norm: true };
  const encoders: TextEncoder[] = [];
  for (const [i, tokenizer] of ["tokenizer", "tokenizer_2"].entries()) {
    const text = texts[i];
    const place = has(tokenizer) ? { ...usual, tokenizer: join(path, tokenizer) } : usual;
    if (text) encoders.push(await describeClipPart(text.part, place, overrides));
  }
  const all = [unet, vae, ...texts].filter((part) => part !== undefined);
  return {
    path,
    model,
    ...(encoders.length > 0 ? { clip: { kind: "clip", encoders } } : {}),
    ...(described ? { vae: described } : {}),
    ignored: all.flatMap(({ ignored }) => ignored),
    unknown: all.flatMap(({ unknown }) => unknown),
  };
}

const withColours = (model: Model, colours: LatentColours): Model => ({
  ...model,
  latent: { ...model.latent, colours },
});

/** In a pipeline with a tiny autoencoder, latents are everywhere as the UNet sees them. */
const ownScale = (vae: Vae): Vae =>
  vae.architecture === "tiny"
    ? { ...vae, latent: { channels: vae.latent.channels, factor: vae.latent.factor, scale: 1 } }
    : vae;

/** The wanted network, which `readParts` has made sure of, with its configuration. */
function partOf({ parts }: Parts, wanted: Kind, config: ConfigFile | undefined): Part {
  const part = parts.find(({ kind }) => kind === wanted) as Part;
  return config ? { ...part, config } : part;
}
