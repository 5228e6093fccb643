// @ts-check
import { canny } from "./canny.mjs";
import { clip } from "./clip.mjs";
import { conditions } from "./conditions.mjs";
import { ksampler } from "./ksampler.mjs";
import { masks } from "./masks.mjs";
import { pipelines } from "./pipelines.mjs";
import { prompts, tokenizer } from "./prompts.mjs";
import { resize } from "./resize.mjs";
import { brownian, randn, sequences, startNoise } from "./rng.mjs";
import { toySamplers } from "./samplers.mjs";
import { diffusersSchedulers } from "./schedulers.mjs";
import { sigmas } from "./sigmas.mjs";
import { taesd } from "./taesd.mjs";
import { unet } from "./unet.mjs";
import { vae } from "./vae.mjs";

/**
 * One thing to compare, or the capability that will bring it.
 * @typedef {{ name: string, needs?: string,
 *   compare?: () => readonly import("../compare.mjs").Comparison[] | Promise<readonly import("../compare.mjs").Comparison[]> }} Entry
 */

/**
 * What a case is compared with: the product's inference host, and the set's files.
 * @typedef {{ set: import("../read-set.mjs").GoldenSet, inference: import("@mezzotint/engine/onnx").Inference }} Means
 */

/** The entries of a case. @typedef {(c: import("../read-set.mjs").Case, means: Means) => AsyncIterable<Entry>} Handler */

/** What handles a case, by its id. @type {Readonly<Record<string, Handler>>} */
const HANDLERS = {
  "rng.randn": randn,
  "rng.sequences": sequences,
  "rng.prepare_noise": startNoise,
  "rng.brownian": brownian,
  unet_sd15: unet,
  unet_sdxl: unet,
  unet_sd2inpaint: unet,
  unet_oddnorm: unet,
  vae_quant: vae,
  vae_noquant: vae,
  taesd,
  "clip.tokenizer": tokenizer,
  "clip.prompt_weights": prompts,
  clip_l: clip,
  clip_g: clip,
  clip_h: clip,
  "samplers.sigmas": sigmas,
  "samplers.comfy": toySamplers,
  "schedulers.diffusers": diffusersSchedulers,
  "e2e.diffusers": pipelines,
  "e2e.comfy": ksampler,
  "conditions.comfy": conditions,
  "images.canny": canny,
  "images.masks": masks,
  "images.resize": resize,
};

/** The capability that will bring a case which nothing handles yet. @type {readonly (readonly [RegExp, string])[]} */
const AHEAD = [
  [/^control/, "ControlNet"],
  [/^(clip_vision|ipadapter)/, "IP-Adapter"],
  [/^lora/, "LoRA"],
  [/^tome_freeu/, "token merging and FreeU"],
];

/** What a case waits for; nothing if it is handled here. @param {string} id @returns {string | undefined} */
export const awaited = (id) =>
  HANDLERS[id] ? undefined : (AHEAD.find(([pattern]) => pattern.test(id))?.[1] ?? "a runner that knows this case");

/** The entries of a case; a case that is not handled yet is one entry. @type {Handler} */
export async function* entriesOf(c, means) {
  const needs = awaited(c.id);
  if (needs === undefined) yield* HANDLERS[c.id]?.(c, means) ?? [];
  else yield { name: c.id, needs };
}
