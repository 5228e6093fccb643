import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type ConfigFile, readConfig } from "./config-file.js";
import type { EncoderPlace, Overrides } from "./describe.js";
import { describeClipPart, describeUnetPart, describeVaePart } from "./described-part.js";
import type { Checkpoint, Model } from "./descriptions.js";
import type { Kind } from "./detect.js";
import { weightFiles } from "./folder.js";
import { DEFAULT_PREDICTION } from "./network-config.js";
import { type Part, type Parts, readParts } from "./parts.js";
import { openPipeline } from "./pipeline.js";
import { guessPrediction } from "./prediction.js";

/**
 * Opens a diffusers folder (with `model_index.json`, or of one network), a single-file checkpoint in the original
 * layout, or a file of one network in either layout. Reads headers and configurations, no weights. Throws when there is
 * no known network in it, saying what was found.
 */
export async function openCheckpoint(path: string, overrides: Overrides = {}): Promise<Checkpoint> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(cause.code === "ENOENT" ? `there is no ${path}` : `${path} cannot be opened: ${cause.message}`);
  });
  if (!info.isDirectory()) return openFile(path, overrides);
  const index = await readConfig(path, "model_index.json");
  return index ? openPipeline(path, index, overrides) : openNetwork(path, overrides);
}

/** A folder of one network. */
async function openNetwork(folder: string, overrides: Overrides): Promise<Checkpoint> {
  const read = await readParts(await weightFiles(folder));
  return assemble(folder, read, await readConfig(folder, "config.json"), overrides);
}

/** A file of one network or several. One that lies in its folder of a pipeline takes the configuration beside it. */
async function openFile(path: string, overrides: Overrides): Promise<Checkpoint> {
  const read = await readParts([path]);
  const ofFolder = read.parts.every(({ source: { layout } }) => layout === "diffusers" || layout === "transformers");
  return assemble(path, read, ofFolder ? await readConfig(dirname(path), "config.json") : undefined, overrides);
}

/** Describes what was found in one set of keys. */
async function assemble(
  path: string,
  read: Parts,
  config: ConfigFile | undefined,
  overrides: Overrides,
): Promise<Checkpoint> {
  const parts = read.parts.map((part) => (config && isOf(config, part.kind) ? { ...part, config } : part));
  const unet = parts.find(({ kind }) => kind === "unet");
  const vae = parts.find(({ kind }) => kind === "vae");
  const texts = parts.filter(({ kind }) => kind === "clip");
  const model = unet && (await describeLoneUnet(unet, read, overrides));
  const encoders = await Promise.all(texts.map((part) => describeClipPart(part, placeOf(part), overrides)));
  return {
    path,
    ...(model ? { model } : {}),
    ...(encoders.length > 0 ? { clip: { kind: "clip", encoders } } : {}),
    ...(vae ? { vae: describeVaePart(vae, overrides, model) } : {}),
    ignored: read.ignored,
    unknown: read.unknown,
  };
}

/** Whether a configuration is one of such a network, by the class that it names. */
function isOf(config: ConfigFile, kind: Kind): boolean {
  if (kind === "unet") return config.get("_class_name") === "UNet2DConditionModel";
  if (kind === "vae") return ["AutoencoderKL", "AutoencoderTiny"].includes(String(config.get("_class_name")));
  return config.get("model_type") === "clip_text_model";
}

/** A UNet without a scheduler's configuration: what it predicts shows in the file, if at all. */
async function describeLoneUnet(part: Part, { stored }: Parts, overrides: Overrides): Promise<Model> {
  const model = describeUnetPart(part, { prediction: DEFAULT_PREDICTION }, overrides);
  const prediction = await guessPrediction(model.family, part.tensors, stored);
  return { ...model, prediction: { ...prediction, ...overrides.prediction } };
}

/** Which layer a single file's text encoder gives: SDXL and SD2 were trained on the last but one. */
function placeOf({ source: { prefix, layout } }: Part): EncoderPlace {
  if (prefix.startsWith("conditioner.")) return { layer: -2, norm: false };
  return prefix !== "" && layout === "openclip" ? { layer: -2, norm: true } : { layer: -1, norm: true };
}
