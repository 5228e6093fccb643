import { elements, type Preview, type RunContext } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { encodePreview, FOLDERS, type Image, resizeImage } from "@mezzotint/nodes-core";
import type { Family, Model } from "../models/descriptions.js";
import { decodeLatents, openTinyVae } from "../models/index.js";
import { colourCells, coloursOf } from "./colours.js";

/** Pixels on a preview's longer side, at most. */
const SIDE = 512;
/** Pixels a side for each cell of a small latent: what most autoencoders make of one. */
const CELL = 8;

/** The tiny autoencoder of a family, by the name of its files. */
const TINY: Readonly<Record<Family, string>> = {
  sd1: "taesd",
  sd2: "taesd",
  sdxl: "taesdxl",
  "sdxl-refiner": "taesdxl",
};

/**
 * A JPEG of the first of some denoised latents [B,C,h,w], scaled as the UNet sees them. The family's tiny autoencoder
 * decodes it if `models/vae_approx` has it; else each cell is one colour, computed of its channels.
 */
export async function renderPreview(
  model: Model,
  denoised: Float32Array,
  dims: readonly number[],
  ctx: Pick<RunContext, "use" | "signal">,
): Promise<Preview> {
  const picture =
    (await decoded(model, denoised, dims, ctx)) ?? enlarged(colourCells(denoised, dims, coloursOf(model)));
  return { mime: "image/jpeg", bytes: await encodePreview(picture, 0, SIDE) };
}

/** What the family's tiny autoencoder makes of it. A model whose latents have colours of their own is of no family. */
async function decoded(
  model: Model,
  denoised: Float32Array,
  [, ...dims]: readonly number[],
  { use, signal }: Pick<RunContext, "use" | "signal">,
): Promise<Image | undefined> {
  const name = TINY[model.family];
  const file = `${name}_decoder.safetensors`;
  const folders = use(FOLDERS);
  if (model.latent.colours || !folders.models("vae_approx").includes(file)) return undefined;
  const vae = await openTinyVae([folders.model("vae_approx", file)], name);
  const latent = { dims: [1, ...dims], data: denoised.slice(0, elements(dims)) };
  const asScaled = { ...vae, latent: { ...vae.latent, scale: 1, shift: 0 } };
  return decodeLatents(use(INFERENCE), asScaled, latent, { signal });
}

function enlarged(picture: Image): Image {
  const [, height = 1, width = 1] = picture.dims;
  const factor = Math.min(CELL, SIDE / Math.max(height, width));
  if (factor <= 1) return picture;
  return resizeImage(picture, Math.round(width * factor), Math.round(height * factor), "bilinear");
}
