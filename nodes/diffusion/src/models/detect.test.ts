import { describe, expect, test } from "vitest";
import { clipShapes, SD1, unetShapes, vaeShapes } from "../../test/network-shapes.js";
import { originalUnet, originalVae } from "../../test/original-names.js";
import { describeForeign, findComponents, isJunk } from "./detect.js";

const unet = [...unetShapes(SD1).keys()];
const vae = [...vaeShapes([32, 64], 1).keys()];
const clip = [...clipShapes(8, 1, 20).keys()];
const original = unet.map(originalUnet(SD1));
const openClip = ["token_embedding.weight", "positional_embedding", "transformer.resblocks.0.ln_1.weight"];
const under = (prefix: string, keys: readonly string[]) => keys.map((key) => prefix + key);

describe("findComponents", () => {
  test("finds what a Stable Diffusion 1 file holds", () => {
    const keys = [
      ...under("model.diffusion_model.", original),
      ...under(
        "first_stage_model.",
        vae.map((key) => originalVae(key, 2)),
      ),
      ...under("cond_stage_model.transformer.", clip),
      "model_ema.decay",
    ];
    expect(findComponents(new Set(keys))).toEqual([
      { kind: "clip", layout: "transformers", prefix: "cond_stage_model.transformer." },
      { kind: "vae", layout: "ldm", prefix: "first_stage_model." },
      { kind: "unet", layout: "ldm", prefix: "model.diffusion_model." },
    ]);
  });

  test("finds both text encoders of an SDXL file, OpenAI's first", () => {
    const keys = [
      ...under("conditioner.embedders.1.model.", openClip),
      ...under("conditioner.embedders.0.transformer.", clip),
    ];
    expect(findComponents(new Set(keys))).toEqual([
      { kind: "clip", layout: "transformers", prefix: "conditioner.embedders.0.transformer." },
      { kind: "clip", layout: "openclip", prefix: "conditioner.embedders.1.model." },
    ]);
  });

  test.each([
    ["a diffusers UNet", unet, { kind: "unet", layout: "diffusers", prefix: "" }],
    ["an original UNet", original, { kind: "unet", layout: "ldm", prefix: "" }],
    ["a diffusers autoencoder", vae, { kind: "vae", layout: "diffusers", prefix: "" }],
    ["a text encoder", clip, { kind: "clip", layout: "transformers", prefix: "" }],
    ["one without text_model.", clip.map((key) => key.slice(11)), { kind: "clip", layout: "transformers", prefix: "" }],
    ["an OpenCLIP text encoder", openClip, { kind: "clip", layout: "openclip", prefix: "" }],
  ])("finds %s that stands alone", (_, keys, component) => {
    expect(findComponents(new Set(keys))).toEqual([component]);
  });

  test("a ControlNet is no UNet, in either layout", () => {
    const half = (keys: readonly string[]) =>
      keys.filter((key) => !/^(up_blocks|output_blocks|conv_norm_out|out)\b/.test(key));
    expect(findComponents(new Set(half(unet)))).toEqual([]);
    expect(findComponents(new Set(under("control_model.", half(original))))).toEqual([]);
  });
});

test.each([
  ["a LoRA", "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"],
  ["a LoRA", "unet.down_blocks.0.attentions.0.to_q.lora_A.weight"],
  ["a ControlNet", "control_model.zero_convs.0.0.weight"],
  ["a ControlNet", "controlnet_cond_embedding.conv_in.weight"],
  ["an IP-Adapter", "image_proj.proj.weight"],
  ["a textual inversion embedding", "emb_params"],
  ["a CLIP vision encoder", "vision_model.embeddings.class_embedding"],
  ["Flux", "double_blocks.0.img_attn.qkv.weight"],
  ['no known network (the first: "x", "y")', "x", "y"],
  ["an empty file"],
])("says that a file is %s", (what, ...keys) => {
  expect(describeForeign(keys)).toContain(what);
});

test("junk is what no network reads, and nothing else", () => {
  const junk = [
    "cond_stage_model.transformer.text_model.embeddings.position_ids",
    "conditioner.embedders.1.model.logit_scale",
    "model_ema.decay",
    "betas",
    "alphas_cumprod_prev",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "posterior_mean_coef1",
    "v_pred",
    "denoiser.sigmas",
    "first_stage_model.loss.discriminator.main.0.weight",
  ];
  expect(junk.filter((key) => !isJunk(key))).toEqual([]);
  expect([...unet, ...original, ...vae, ...clip].filter(isJunk)).toEqual([]);
});
