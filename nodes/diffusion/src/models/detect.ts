import type { Layout } from "./descriptions.js";

/** Which network a part of a file is. */
export type Kind = "unet" | "clip" | "vae";

/** A network found in a file: which it is, how its keys are called and what precedes them. */
export interface Component {
  readonly kind: Kind;
  readonly layout: Layout;
  readonly prefix: string;
}

interface Marker {
  readonly kind: Kind;
  readonly layout: Layout;
  /** How a key ends that every such network has; the rest of it is the prefix. */
  readonly ends: string;
  /** Another key under the same prefix that tells the network from its relatives (a ControlNet has no way up). */
  readonly with?: string;
  /** A prefix that speaks against it. */
  readonly not?: RegExp;
}

const MARKERS: readonly Marker[] = [
  { kind: "unet", layout: "ldm", ends: "input_blocks.0.0.weight", with: "output_blocks.0.0.in_layers.0.weight" },
  {
    kind: "unet",
    layout: "diffusers",
    ends: "time_embedding.linear_1.weight",
    with: "up_blocks.0.resnets.0.norm1.weight",
  },
  { kind: "vae", layout: "ldm", ends: "decoder.mid.block_1.conv1.weight" },
  { kind: "vae", layout: "ldm", ends: "encoder.mid.block_1.conv1.weight" },
  { kind: "vae", layout: "diffusers", ends: "decoder.mid_block.resnets.0.conv1.weight" },
  { kind: "vae", layout: "diffusers", ends: "encoder.mid_block.resnets.0.conv1.weight" },
  { kind: "vae", layout: "diffusers", ends: "decoder.layers.0.weight", with: "decoder.layers.2.conv.0.weight" },
  { kind: "vae", layout: "diffusers", ends: "encoder.layers.0.weight", with: "encoder.layers.1.conv.0.weight" },
  { kind: "vae", layout: "taesd", ends: "taesd_decoder.1.weight" },
  { kind: "vae", layout: "taesd", ends: "taesd_encoder.0.weight" },
  { kind: "clip", layout: "transformers", ends: "text_model.embeddings.token_embedding.weight" },
  { kind: "clip", layout: "transformers", ends: "embeddings.token_embedding.weight", not: /text_model\.$/ },
  { kind: "clip", layout: "openclip", ends: "token_embedding.weight", with: "transformer.resblocks.0.ln_1.weight" },
];

/** The networks in a file, by their keys alone, in order of their prefixes. */
export function findComponents(keys: ReadonlySet<string>): Component[] {
  const found = new Map<string, Component>();
  for (const key of keys)
    for (const { kind, layout, ends, with: other, not } of MARKERS) {
      if (!key.endsWith(ends)) continue;
      const prefix = key.slice(0, key.length - ends.length);
      if ((prefix !== "" && !prefix.endsWith(".")) || not?.test(prefix)) continue;
      if (other !== undefined && !keys.has(prefix + other)) continue;
      found.set(`${kind} ${prefix}`, { kind, layout, prefix });
    }
  return [...found.values()].sort((a, b) => (a.prefix < b.prefix ? -1 : Number(a.prefix > b.prefix)));
}

/**
 * Keys that real checkpoints carry and no picture needs: counters, averages and noise tables of training, constants
 * that older libraries stored, and marks that only their presence means something.
 */
export const isJunk = (key: string): boolean => JUNK.some((pattern) => pattern.test(key));

const JUNK: readonly RegExp[] = [
  /(^|\.)position_ids$/,
  /(^|\.)logit_scale$/,
  /(^|\.)model_ema\./,
  /(^|\.)attn_mask$/,
  /^(first_stage_model\.)?loss\./,
  /^(betas|alphas_cumprod(_prev)?|(sqrt|log)_[a-z_]*alphas_cumprod|posterior_[a-z_0-9]+|lvlb_weights|log_?vars?)$/,
  /^(denoiser\.sigmas|scale_factor|v_pred|ztsnr)$/,
];

/** Files of other kinds that end up in a checkpoint folder: a key that gives them away, what they are, where they go. */
const FOREIGN: readonly (readonly [key: RegExp, what: string])[] = [
  [
    /(lora_(up|down|A|B)\.|\.lora_[AB]\.|^lora_|\.hada_w1|\.lokr_w1|\.dora_scale$)/,
    "a LoRA: it belongs into models/loras",
  ],
  [
    /(^|\.)(zero_convs\.0|input_hint_block\.0|controlnet_cond_embedding\.|controlnet_down_blocks\.)/,
    "a ControlNet: it belongs into models/controlnet",
  ],
  [/^(image_proj|ip_adapter)\./, "an IP-Adapter: it belongs into models/ipadapter"],
  [/^(adapter\.)?body\.\d+\.(block1|resnets)\./, "a T2I-Adapter: it belongs into models/controlnet"],
  [/vision_model\.embeddings\.|^visual\.transformer\./, "a CLIP vision encoder: it belongs into models/clip_vision"],
  [/^(emb_params|clip_[lg]|string_to_param)(\.|$)/, "a textual inversion embedding: it belongs into models/embeddings"],
  [/(^|\.)double_blocks\.\d+\.img_attn/, "a Flux transformer, which is not supported"],
  [/(^|\.)joint_blocks\.\d+\./, "a Stable Diffusion 3 transformer, which is not supported"],
  [/(^|\.)transformer_blocks\.0\.(attn|ff)/, "a diffusion transformer, which is not supported"],
  [/^(encoder\.block\.0|shared\.weight|encoder\.embed_tokens)/, "a T5 text encoder, which is not supported"],
  [/^(model\.\d+\.sub\.|RRDB_trunk\.|conv_first\.|body\.0\.rdb)/, "an upscaler: it belongs into models/upscale_models"],
];

/** Says what a file is when it holds no network that was looked for: as a sentence's object, e.g. "a LoRA: …". */
export function describeForeign(keys: Iterable<string>): string {
  const all = [...keys];
  for (const [pattern, what] of FOREIGN) if (all.some((key) => pattern.test(key))) return what;
  if (all.length === 0) return "an empty file";
  return `${all.length} tensors of no known network (the first: ${all
    .slice(0, 3)
    .map((key) => JSON.stringify(key.slice(0, 80)))
    .join(", ")})`;
}
