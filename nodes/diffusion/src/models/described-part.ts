import {
  describeEncoder,
  describeTinyVae,
  describeUnet,
  describeVae,
  type EncoderPlace,
  isTinyVae,
  latentScale,
  type Overrides,
  vocabularyOf,
} from "./describe.js";
import type { Model, Prediction, TextEncoder, Vae } from "./descriptions.js";
import { readClipConfig, readTinyVaeConfig, readUnetConfig, readVaeConfig } from "./network-config.js";
import type { Part } from "./parts.js";
import { tinyLatent } from "./taesd-files.js";
import { tokenizerPad } from "./tokenizer-pad.js";

/** Describes a UNet by its weights and the configuration in its folder. */
export const describeUnetPart = (
  { tensors, source, config }: Part,
  given: { readonly prediction: Prediction; readonly scale?: number | undefined },
  overrides: Overrides,
): Model => describeUnet(tensors, source, { ...given, config: config && readUnetConfig(config) }, overrides);

/**
 * Describes an autoencoder. Its latents' scale is the configuration's, else that of the UNet beside it. A tiny one knows
 * the UNet's scaled latents: unless its own pipeline says that there is no other scale, its file's name tells which.
 */
export function describeVaePart({ tensors, source, config }: Part, overrides: Overrides, model?: Model): Vae {
  if (isTinyVae(tensors)) {
    if (config) readTinyVaeConfig(config);
    return describeTinyVae(tensors, source, tinyLatent(source.files[0] ?? ""));
  }
  const read = config && readVaeConfig(config);
  const scale = read?.scale ?? model?.latent.scale ?? latentScale("sd1");
  return describeVae(tensors, source, { config: read?.config, scale }, overrides);
}

/** Describes a text encoder. What pads is the tokenizer's to say, if there is one. */
export async function describeClipPart(
  { tensors, source, config }: Part,
  place: EncoderPlace,
  overrides: Overrides,
): Promise<TextEncoder> {
  const read = config && readClipConfig(config, vocabularyOf(tensors));
  const pad = place.tokenizer === undefined ? undefined : await tokenizerPad(place.tokenizer);
  const padded = read && pad !== undefined ? { ...read, pad } : read;
  return describeEncoder(tensors, source, { ...place, config: padded }, overrides);
}
