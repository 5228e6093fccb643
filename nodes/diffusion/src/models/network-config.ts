import type { ConfigFile } from "./config-file.js";
import type { ClipConfig, Prediction, UnetConfig, VaeConfig } from "./descriptions.js";

/** Reads a UNet's `config.json` (diffusers `UNet2DConditionModel`). What we don't build is refused, not ignored. */
export function readUnetConfig(config: ConfigFile): UnetConfig {
  config.oneOf("act_fn", ["silu", "swish"]);
  config.oneOf("norm_eps", [1e-5]);
  config.oneOf("flip_sin_to_cos", [true]);
  config.oneOf("freq_shift", [0]);
  config.oneOf("center_input_sample", [false]);
  config.oneOf("time_embedding_type", ["positional"]);
  config.oneOf("resnet_time_scale_shift", ["default"]);
  config.oneOf("mid_block_scale_factor", [1]);
  config.oneOf("addition_embed_type", ["none", "text_time"]);
  for (const field of ["class_embed_type", "encoder_hid_dim_type", "cross_attention_norm", "time_cond_proj_dim"])
    if (config.get(field) !== undefined) throw config.error(field, "absent: other networks are not supported");
  config.oneOf("dual_cross_attention", [false]);
  return { heads: readHeads(config), groups: config.count("norm_num_groups", 32) };
}

/** diffusers calls the number of heads `attention_head_dim`. */
function readHeads(config: ConfigFile): number | readonly number[] {
  const field = config.get("num_attention_heads") === undefined ? "attention_head_dim" : "num_attention_heads";
  const value = config.get(field);
  if (!Array.isArray(value)) return config.count(field, 8);
  if (value.length > 0 && value.every((n) => Number.isInteger(n) && n > 0)) return value as number[];
  throw config.error(field, "a whole number above 0, or a list of them");
}

/** Reads an autoencoder's `config.json` (diffusers `AutoencoderKL`). */
export function readVaeConfig(config: ConfigFile): { config: VaeConfig; scale: number } {
  config.oneOf("act_fn", ["silu", "swish"]);
  if (config.get("shift_factor") !== undefined)
    throw config.error("shift_factor", "absent: shifted latents are not supported");
  return { config: { groups: config.count("norm_num_groups", 32) }, scale: config.positive("scaling_factor", 0.18215) };
}

/** Reads a tiny autoencoder's `config.json` (diffusers `AutoencoderTiny`): all there is to it shows in the weights. */
export function readTinyVaeConfig(config: ConfigFile): void {
  config.oneOf("act_fn", ["relu"]);
  config.oneOf("upsample_fn", ["nearest"]);
  config.oneOf("upsampling_scaling_factor", [2]);
  config.oneOf("latent_magnitude", [3]);
  config.oneOf("scaling_factor", [1]);
  config.oneOf("shift_factor", [0]);
}

/**
 * Reads a text encoder's `config.json` (transformers `CLIPTextModel`). Files made before transformers 4.31 give token ids
 * 0, 1 and 2 that mean nothing: then the special tokens are the vocabulary's last two.
 */
export function readClipConfig(config: ConfigFile, vocabulary: number): ClipConfig {
  config.oneOf("layer_norm_eps", [1e-5]);
  const eos = config.count("eos_token_id", 2, 0);
  const special = specialTokens(vocabulary);
  return {
    heads: config.count("num_attention_heads", 12),
    activation: config.oneOf("hidden_act", ["quick_gelu", "gelu"]),
    ...(eos === 2
      ? special
      : { bos: config.count("bos_token_id", special.bos, 0), eos, pad: config.count("pad_token_id", eos, 0) }),
  };
}

/** CLIP's vocabulary ends with the start and the end of text. The end also pads, except in OpenCLIP's larger models. */
export function specialTokens(vocabulary: number): Pick<ClipConfig, "bos" | "eos" | "pad"> {
  const size = Math.min(vocabulary, 49408);
  return { bos: size - 2, eos: size - 1, pad: size - 1 };
}

/** Stable Diffusion's training schedule, for files that come without one. */
export const DEFAULT_PREDICTION: Prediction = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: false,
};

/** Reads a `scheduler_config.json`: only what training fixed, not how to sample. */
export const readPrediction = (config: ConfigFile): Prediction => ({
  type: config.oneOf("prediction_type", ["epsilon", "v_prediction", "sample"]),
  schedule: config.oneOf("beta_schedule", ["linear", "scaled_linear"]),
  betaStart: config.positive("beta_start", 0.0001),
  betaEnd: config.positive("beta_end", 0.02),
  trainSteps: config.count("num_train_timesteps", 1000, 2),
  zeroTerminalSnr: config.oneOf("rescale_betas_zero_snr", [false, true]),
});
