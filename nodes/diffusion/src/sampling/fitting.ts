import { basename, dirname } from "node:path";
import { elements, type Tensor } from "@mezzotint/engine";
import type { Family, Model } from "../models/descriptions.js";
import type { Conditioning } from "../sockets.js";

/**
 * The latents as the model takes them. One of zeros fits every model: it is given as many channels as that works with.
 * Refuses any other that has not as many, and what is no latent.
 */
export function withChannels({ dims, data }: Tensor, channels: number): Tensor {
  const [batch = 0, own = 0, height = 0, width = 0] = dims;
  if (dims.length !== 4 || elements(dims) !== data.length || data.length === 0) {
    throw new Error(`a latent is [batch, channels, height, width]; this one is [${dims}] with ${data.length} values`);
  }
  if (own === channels) return { dims, data };
  if (data.some((value) => value !== 0)) {
    throw new Error(
      `the latent has ${own} channels and the model works with ${channels}: they belong to different models`,
    );
  }
  const fitting = [batch, channels, height, width];
  return { dims: fitting, data: new Float32Array(elements(fitting)) };
}

/** Whether a UNet is shown a mask and a masked picture beside the latent. */
export const isInpainting = ({ latent, takes }: Pick<Model, "latent" | "takes">): boolean =>
  takes.channels === 2 * latent.channels + 1;

/** What users call the families. */
export const FAMILY_TITLES: Readonly<Record<Family, string>> = {
  sd1: "Stable Diffusion 1",
  sd2: "Stable Diffusion 2",
  sdxl: "Stable Diffusion XL",
  "sdxl-refiner": "Stable Diffusion XL refiner",
};

/** What a model's files are called. A pipeline's UNet is `<pipeline>/unet/diffusion_pytorch_model….safetensors`. */
function nameOf({ weights: { files } }: Pick<Model, "weights">): string {
  const [file] = files;
  if (file === undefined) return "this model";
  if (!basename(file).startsWith("diffusion_pytorch_model")) return basename(file);
  const folder = dirname(file);
  return basename(folder) === "unet" ? basename(dirname(folder)) : basename(folder);
}

/**
 * Why no sampler takes a model, if so: it must ask for nothing but latents, a timestep, text, and for inpainting a mask
 * and a masked picture. A description is enough; `name` is what the user calls the model, absent: its file's name.
 */
export function whyNotSampled(
  model: Pick<Model, "family" | "latent" | "takes" | "weights">,
  name: string = nameOf(model),
): string | undefined {
  const { family, latent, takes } = model;
  if (takes.vector !== undefined) {
    return `${name} is ${FAMILY_TITLES[family]}; Mezzotint samples Stable Diffusion 1.x and 2.x so far`;
  }
  if (takes.channels === latent.channels || isInpainting(model)) return undefined;
  return `${name} takes ${takes.channels} channels; supported are the latent's ${latent.channels}, and ${2 * latent.channels + 1} with a mask and a masked picture (an inpainting model)`;
}

/** Refuses a model for the reason that `whyNotSampled` gives. */
export function checkModel(model: Model): void {
  const reason = whyNotSampled(model);
  if (reason !== undefined) throw new Error(reason);
}

/** Refuses conditioning that the model cannot read. */
export function checkConditioning({ takes }: Model, which: "positive" | "negative", conditioning: Conditioning): void {
  if (conditioning.length === 0) throw new Error(`the ${which} conditioning holds no condition`);
  for (const { tokens } of conditioning) {
    const width = tokens.dims[2];
    if (tokens.dims.length !== 3 || elements(tokens.dims) !== tokens.data.length || tokens.data.length === 0) {
      throw new Error(`the ${which} conditioning is [${tokens.dims}]; [batch, tokens, width] was expected`);
    }
    if (width !== takes.context) {
      throw new Error(
        `the ${which} conditioning is ${width} wide and the model reads ${takes.context}: it was encoded with another model's CLIP`,
      );
    }
  }
}
