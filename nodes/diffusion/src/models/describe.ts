import { Weights, WeightsError } from "@mezzotint/engine/onnx";
import type { Tensors } from "./canonical.js";
import { layerCount } from "./clip.js";
import type {
  ClipConfig,
  Family,
  Model,
  Prediction,
  TextEncoder,
  UnetConfig,
  Vae,
  VaeConfig,
  WeightsSource,
} from "./descriptions.js";
import { specialTokens } from "./network-config.js";
import { tinyShape } from "./taesd.js";
import { contextWidth, vectorWidth } from "./unet-blocks.js";
import { fullSizeWidth, latentChannels, scaleFactor } from "./vae.js";

/** Values that win over what a file says or suggests, for networks that break the rules of their family. */
export interface Overrides {
  readonly unet?: Partial<UnetConfig>;
  readonly clip?: Partial<ClipConfig>;
  readonly vae?: Partial<VaeConfig>;
  readonly prediction?: Partial<Prediction>;
}

/** Stable Diffusion's factors between the autoencoder's latents and the UNet's. */
export const latentScale = (family: Family): number => (family.startsWith("sdxl") ? 0.13025 : 0.18215);

/**
 * The family of a UNet, by structure: SDXL embeds a vector beside the time (its refiner has four levels), SD2 projects
 * with linear layers where SD1 has 1×1 convolutions. Widths are no criterion.
 */
function familyOf(w: Weights, file: string): Family {
  const projection = w.keys().find((name) => name.endsWith(".proj_in.weight"));
  if (projection === undefined || contextWidth(w) === undefined)
    throw new WeightsError(
      file,
      undefined,
      "its UNet has no cross-attention, so no text can steer it; it is not supported",
    );
  if (vectorWidth(w) !== undefined) return w.count("down_blocks") > 3 ? "sdxl-refiner" : "sdxl";
  return w.shape(projection).length === 2 ? "sd2" : "sd1";
}

/** What the weights of a family leave open: SD1 has 8 heads everywhere, SD2 and SDXL heads that are 64 wide. */
const familyConfig = (family: Family): UnetConfig =>
  family === "sd1" ? { heads: 8, groups: 32 } : { heads: 8, headWidth: 64, groups: 32 };

/** Describes a UNet. Without a configuration, that of its family is taken. */
export function describeUnet(
  tensors: Tensors,
  weights: WeightsSource,
  given: { config?: UnetConfig | undefined; scale?: number | undefined; prediction: Prediction },
  overrides: Overrides,
): Model {
  const w = Weights.from(tensors);
  const family = familyOf(w, weights.files[0] ?? "");
  const vector = vectorWidth(w);
  const { headWidth, ...base } = given.config ?? familyConfig(family);
  const fixed = overrides.unet?.heads === undefined && headWidth !== undefined ? { headWidth } : {};
  return {
    kind: "unet",
    family,
    weights,
    config: { ...base, ...fixed, ...overrides.unet },
    prediction: { ...given.prediction, ...overrides.prediction },
    latent: { channels: w.shape("conv_out.weight")[0] ?? 0, scale: given.scale ?? latentScale(family) },
    takes: {
      channels: w.shape("conv_in.weight")[1] ?? 0,
      context: contextWidth(w) ?? 0,
      ...(vector === undefined ? {} : { vector }),
    },
  };
}

/** Describes an autoencoder. */
export function describeVae(
  tensors: Tensors,
  weights: WeightsSource,
  given: { config?: VaeConfig | undefined; scale: number },
  overrides: Overrides,
): Vae {
  const w = Weights.from(tensors);
  return {
    kind: "vae",
    architecture: "autoencoder-kl",
    weights,
    config: { ...(given.config ?? { groups: 32 }), ...overrides.vae },
    latent: { channels: latentChannels(w), scale: given.scale, factor: scaleFactor(w) },
    width: fullSizeWidth(w),
  };
}

/** Whether these are the tensors of a tiny autoencoder. */
export const isTinyVae = (tensors: Tensors): boolean =>
  tensors.has("decoder.layers.0.weight") || tensors.has("encoder.layers.0.weight");

/** Describes a tiny autoencoder. `latent` says how the latents that it is given are turned into those that it knows. */
export function describeTinyVae(
  tensors: Tensors,
  weights: WeightsSource,
  latent: { readonly scale: number; readonly shift?: number },
): Vae {
  const { channels, factor, width } = tinyShape(Weights.from(tensors));
  return {
    kind: "vae",
    architecture: "tiny",
    weights,
    config: { groups: 0 },
    latent: { channels, factor, ...latent },
    width,
  };
}

/** What a text encoder's place in a checkpoint says of it. */
export type EncoderPlace = Pick<TextEncoder, "layer" | "norm" | "tokenizer">;

/** Describes a text encoder. Without a configuration: heads 64 wide, and OpenAI's activation unless it is OpenCLIP's. */
export function describeEncoder(
  tensors: Tensors,
  weights: WeightsSource,
  given: EncoderPlace & { config?: ClipConfig | undefined },
  overrides: Overrides,
): TextEncoder {
  const { config, ...place } = given;
  const w = Weights.from(tensors).at("text_model.embeddings");
  return {
    weights,
    config: { ...(config ?? usualClip(tensors, weights)), ...overrides.clip },
    ...place,
    size: {
      layers: layerCount(Weights.from(tensors)),
      vocabulary: vocabularyOf(tensors),
      positions: w.shape("position_embedding.weight")[0] ?? 0,
    },
  };
}

/** The rows of the token embedding. */
export const vocabularyOf = (tensors: Tensors): number =>
  Weights.from(tensors).shape("text_model.embeddings.token_embedding.weight")[0] ?? 0;

function usualClip(tensors: Tensors, { layout }: WeightsSource): ClipConfig {
  const w = Weights.from(tensors);
  const [vocabulary = 0, width = 0] = w.shape("text_model.embeddings.token_embedding.weight");
  // OpenCLIP's H and bigG have 24 and 32 layers, OpenAI's L has 12.
  const open = layout === "openclip" || layerCount(w) >= 20;
  const special = specialTokens(vocabulary);
  return {
    heads: Math.max(1, Math.round(width / 64)),
    activation: open ? "gelu" : "quick_gelu",
    ...special,
    pad: open ? 0 : special.pad,
  };
}
