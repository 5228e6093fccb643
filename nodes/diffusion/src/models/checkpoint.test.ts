import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testHost } from "../../test/host.js";
import {
  clipShapes,
  type Shapes,
  tinyVaeShapes,
  type UnetPlan,
  unetShapes,
  vaeShapes,
} from "../../test/network-shapes.js";
import { originalUnet } from "../../test/original-names.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { openCheckpoint } from "./checkpoint.js";
import { checkpointIdentity } from "./checkpoint-identity.js";
import { inspectCheckpoint } from "./inspect.js";
import { unreadKeys } from "./sessions.js";

const { path } = testHost();
const plan: UnetPlan = { channels: [16, 16], depth: [1, 0], layers: 1, context: 8 };
const WEIGHTS = "diffusion_pytorch_model.safetensors";

async function json(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(value));
}
const weights = (file: string, shapes: Shapes) => writeWeights(file, randomWeights(shapes));

/** Writes a small pipeline folder and returns its path. */
async function pipeline(name: string, { xl = false, scheduler = {} as object } = {}): Promise<string> {
  const folder = path(name);
  const part = (...names: string[]) => path(name, ...names);
  await json(part("model_index.json"), {
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    ...(xl
      ? {
          text_encoder_2: ["transformers", "CLIPTextModelWithProjection"],
          tokenizer_2: ["transformers", "CLIPTokenizer"],
        }
      : {}),
    safety_checker: [null, null],
  });
  await weights(part("unet", WEIGHTS), unetShapes({ ...plan, ...(xl ? { linear: true, vector: 20 } : {}) }));
  await json(part("unet", "config.json"), {
    attention_head_dim: [2, 4],
    norm_num_groups: 8,
    addition_embed_type: null,
  });
  await weights(part("vae", WEIGHTS), vaeShapes([8, 8], 1));
  await json(part("vae", "config.json"), { norm_num_groups: 4, scaling_factor: 0.5 });
  await json(part("scheduler", "scheduler_config.json"), { beta_schedule: "scaled_linear", ...scheduler });
  const text = {
    num_attention_heads: 2,
    hidden_act: "quick_gelu",
    bos_token_id: 18,
    eos_token_id: 19,
    pad_token_id: 19,
  };
  await weights(part("text_encoder", "model.safetensors"), clipShapes(8, 2, 20));
  await json(part("text_encoder", "config.json"), text);
  await json(part("tokenizer", "special_tokens_map.json"), { pad_token: "<|endoftext|>", eos_token: "<|endoftext|>" });
  if (xl) {
    await weights(part("text_encoder_2", "model.safetensors"), clipShapes(8, 2, 20, 8));
    // As published: the ids mean nothing, and the configuration does not say what pads.
    await json(part("text_encoder_2", "config.json"), {
      ...text,
      hidden_act: "gelu",
      bos_token_id: 0,
      eos_token_id: 2,
      pad_token_id: 1,
    });
    await json(part("tokenizer_2", "special_tokens_map.json"), {
      pad_token: { content: "!" },
      eos_token: "<|endoftext|>",
    });
    await json(part("tokenizer_2", "vocab.json"), { "!": 0, a: 1 });
  }
  return folder;
}

describe("a pipeline folder", () => {
  test("is described by its configurations, and all its keys are read", async () => {
    const folder = await pipeline("sd", {
      scheduler: { prediction_type: "v_prediction", beta_start: 0.001, rescale_betas_zero_snr: true },
    });
    const checkpoint = await openCheckpoint(folder);
    expect(checkpoint.model).toMatchObject({
      family: "sd1",
      config: { heads: [2, 4], groups: 8 },
      prediction: {
        type: "v_prediction",
        schedule: "scaled_linear",
        betaStart: 0.001,
        trainSteps: 1000,
        zeroTerminalSnr: true,
      },
      latent: { channels: 4, scale: 0.5 },
    });
    expect(checkpoint.vae).toMatchObject({ config: { groups: 4 }, latent: { factor: 2, scale: 0.5 } });
    expect(checkpoint.clip?.encoders).toMatchObject([
      { layer: -1, norm: true, config: { heads: 2, bos: 18, eos: 19, pad: 19 }, tokenizer: path("sd", "tokenizer") },
    ]);
    expect(checkpoint).toMatchObject({ ignored: [], unknown: [] });
    expect(await unreadKeys(checkpoint)).toEqual([]);
  });

  test("of SDXL has two text encoders that give their last but one layer; the second pads with `!`", async () => {
    const { model, clip } = await openCheckpoint(await pipeline("xl", { xl: true }));
    expect(model).toMatchObject({ family: "sdxl", takes: { vector: 20 } });
    expect(clip?.encoders).toMatchObject([
      { layer: -2, norm: false, config: { pad: 19 } },
      {
        layer: -2,
        norm: false,
        config: { bos: 18, eos: 19, pad: 0, activation: "gelu" },
        tokenizer: path("xl", "tokenizer_2"),
      },
    ]);
  });

  test("changes its identity with any of its configurations", async () => {
    const folder = await pipeline("identity");
    const before = await checkpointIdentity(folder);
    expect(await checkpointIdentity(await pipeline("identity"))).toBe(before);
    await json(path("identity", "scheduler", "scheduler_config.json"), { prediction_type: "epsilon" });
    expect(await checkpointIdentity(folder)).not.toBe(before);
  });

  test.each([
    ["unet/config.json", { act_fn: "mish" }, /unet.config\.json: act_fn is "mish", it must be "silu" or "swish"/],
    ["unet/config.json", { class_embed_type: "timestep" }, /class_embed_type/],
    ["unet/config.json", { attention_head_dim: -1 }, /attention_head_dim is -1/],
    ["unet/config.json", { attention_head_dim: [8, "x"] }, /attention_head_dim is \[8,"x"\]/],
    ["vae/config.json", { norm_num_groups: 1e12 }, /norm_num_groups/],
    ["vae/config.json", { shift_factor: 0.1 }, /shift_factor/],
    ["text_encoder/config.json", { hidden_act: "relu" }, /hidden_act is "relu"/],
    ["scheduler/scheduler_config.json", { prediction_type: "flow" }, /prediction_type is "flow"/],
    ["scheduler/scheduler_config.json", [], /holds no JSON object/],
  ])("is refused by name for what we don't build: %s %o", async (file, value, message) => {
    const folder = await pipeline("refused");
    await json(path("refused", file), value);
    await expect(openCheckpoint(folder)).rejects.toThrow(message);
  });

  test("with the wrong network in a sub-folder says which", async () => {
    const folder = await pipeline("swapped");
    await weights(path("swapped", "unet", WEIGHTS), vaeShapes([8, 8], 1));
    await expect(openCheckpoint(folder)).rejects.toThrow(/unet.*must be a UNet, but it is an autoencoder/);
  });
});

describe("a network's folder", () => {
  const shapes = unetShapes(plan);
  const config = { _class_name: "UNet2DConditionModel", attention_head_dim: 2, norm_num_groups: 8 };

  test("may hold a variant", async () => {
    await weights(path("variant", "diffusion_pytorch_model.fp16.safetensors"), shapes);
    await json(path("variant", "config.json"), config);
    expect((await openCheckpoint(path("variant"))).model?.config).toEqual({ heads: 2, groups: 8 });
  });

  test("may hold shards, all of which are read", async () => {
    const all = [...randomWeights(shapes)];
    const halves: [string, [string, Values][]][] = [
      ["model-00001-of-00002.safetensors", all.slice(0, 30)],
      ["model-00002-of-00002.safetensors", all.slice(30)],
    ];
    for (const [name, part] of halves) await writeWeights(path("shards", name), part);
    const map = Object.fromEntries(halves.flatMap(([name, part]) => part.map(([key]) => [key, name])));
    await json(path("shards", `${WEIGHTS}.index.json`), { weight_map: map });
    await json(path("shards", "config.json"), config);
    const checkpoint = await openCheckpoint(path("shards"));
    expect(checkpoint.model?.weights.files).toEqual(halves.map(([name]) => path("shards", name)));
    expect(await unreadKeys(checkpoint)).toEqual([]);
  });

  test("must not name shards elsewhere", async () => {
    await json(path("outside", `${WEIGHTS}.index.json`), {
      weight_map: { "conv_in.weight": "../shards/model.safetensors" },
    });
    await expect(openCheckpoint(path("outside"))).rejects.toThrow(/names the shard "..\/shards\/model.safetensors"/);
  });

  test("with pickles only, or with nothing, says what to get", async () => {
    await json(path("pickles", "diffusion_pytorch_model.bin"), {});
    await expect(openCheckpoint(path("pickles"))).rejects.toThrow(/only diffusion_pytorch_model\.bin.*never opened/);
    await mkdir(path("nothing"));
    await expect(openCheckpoint(path("nothing"))).rejects.toThrow(
      /needs diffusion_pytorch_model\.safetensors or model\.safetensors/,
    );
  });

  test("gives its configuration to a file of it that is opened by itself", async () => {
    await weights(path("single", WEIGHTS), shapes);
    await json(path("single", "config.json"), config);
    const open = async () => (await openCheckpoint(path("single", WEIGHTS))).model?.config.heads;
    expect(await open()).toBe(2);
    await json(path("single", "config.json"), { ...config, _class_name: "Another" });
    expect(await open()).toBe(8);
  });
});

describe("a single file", () => {
  const file = () => path("file.safetensors");
  const one = { shape: [1], data: new Float32Array(1) };
  const original = (of: UnetPlan) => {
    const rename = originalUnet(of);
    return [...randomWeights(unetShapes(of))].map(([key, values]): [string, Values] => [rename(key), values]);
  };

  test("predicts the noise unless it is marked", async () => {
    const type = async (...marks: string[]) => {
      await writeWeights(file(), [...original(plan), ...marks.map((mark): [string, Values] => [mark, one])]);
      const { type: predicted, zeroTerminalSnr } = (await openCheckpoint(file())).model!.prediction;
      return [predicted, zeroTerminalSnr];
    };
    expect(await type()).toEqual(["epsilon", false]);
    expect(await type("v_pred")).toEqual(["v_prediction", false]);
    expect(await type("v_pred", "ztsnr")).toEqual(["v_prediction", true]);
  });

  test("of Stable Diffusion 2 predicts v if a bias of its last block spreads", async () => {
    const sd2 = { ...plan, linear: true };
    const type = async (spread: number, inputs = 4) => {
      const tensors = new Map(original({ ...sd2, inputs }));
      const key = "output_blocks.3.1.transformer_blocks.0.norm1.bias";
      tensors.set(key, { shape: [16], data: Float32Array.from({ length: 16 }, (_, i) => (i % 2 ? spread : -spread)) });
      await writeWeights(file(), tensors);
      return (await openCheckpoint(file())).model!.prediction.type;
    };
    expect(await type(0.05)).toBe("epsilon");
    expect(await type(0.15)).toBe("v_prediction");
    expect(await type(0.15, 9)).toBe("epsilon");
  });

  test("takes values that are given over what it suggests", async () => {
    await writeWeights(file(), original(plan));
    const { model } = await openCheckpoint(file(), { unet: { heads: 4, groups: 8 }, prediction: { type: "sample" } });
    expect(model).toMatchObject({ config: { heads: 4, groups: 8 }, prediction: { type: "sample", trainSteps: 1000 } });
  });

  test.each([
    [
      "a LoRA",
      "lora_unet_mid_block.lora_up.weight",
      /file\.safetensors: .*but it is a LoRA: it belongs into models\/loras/,
    ],
    ["anything", "x", /must be a Stable Diffusion checkpoint.*1 tensors of no known network \(the first: "x"\)/],
  ])("that is %s says so", async (_, key, message) => {
    await writeWeights(file(), [[key, one]]);
    await expect(openCheckpoint(file())).rejects.toThrow(message);
  });

  test("that is not there, is empty, or is a pickle says so", async () => {
    await rm(file());
    await expect(openCheckpoint(file())).rejects.toThrow(`there is no ${file()}`);
    await writeFile(file(), "");
    await expect(openCheckpoint(file())).rejects.toThrow(/file\.safetensors: .*0 bytes/);
    await writeFile(file(), Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0]));
    await expect(openCheckpoint(file())).rejects.toThrow(/pickle/);
  });
});

test("the embedded model is described, and all its keys are read", async () => {
  const folder = fileURLToPath(new URL("../../../../models/emoji/model", import.meta.url));
  const checkpoint = await openCheckpoint(folder);
  expect(checkpoint).toMatchObject({
    model: { family: "sd1", prediction: { type: "v_prediction" }, takes: { channels: 4, context: 128 } },
    clip: { encoders: [{ config: { eos: 4095 }, layer: -1, size: { positions: 77, vocabulary: 4096 } }] },
    vae: { latent: { channels: 4, factor: 8, scale: 0.18215 } },
    ignored: [],
    unknown: [],
  });
  const { networks, unread } = await inspectCheckpoint(folder);
  expect(unread).toEqual([]);
  expect(networks.map(({ kind, dtypes }) => [kind, Object.keys(dtypes)])).toEqual([
    ["unet", ["F16"]],
    ["clip", ["F16"]],
    ["vae", ["F16"]],
  ]);
});

describe("a pipeline's own", () => {
  test("colours of latents are read, and are part of what it is", async () => {
    const folder = await pipeline("coloured");
    const before = await checkpointIdentity(folder);
    const colours = { factors: [1, 2, 3, 4].map((n) => [n, 0, 0]), bias: [0.5, 0.5, 0.5] };
    await json(path("coloured", "latent_colours.json"), colours);
    expect((await openCheckpoint(folder)).model?.latent).toMatchObject({ scale: 0.5, colours });
    expect(await checkpointIdentity(folder)).not.toBe(before);
    await json(path("coloured", "latent_colours.json"), { ...colours, factors: [] });
    await expect(openCheckpoint(folder)).rejects.toThrow(/latent_colours\.json: factors/);
  });

  test("tiny autoencoder knows no other scale than the UNet's", async () => {
    const folder = await pipeline("tiny-vae");
    await rm(path("tiny-vae", "vae"), { recursive: true });
    await weights(path("tiny-vae", "vae", WEIGHTS), tinyVaeShapes(4));
    await json(path("tiny-vae", "vae", "config.json"), { _class_name: "AutoencoderTiny", act_fn: "relu" });
    const { model, vae } = await openCheckpoint(folder);
    expect(vae).toMatchObject({ architecture: "tiny", latent: { scale: 1 } });
    expect(model?.latent.scale).toBe(1);
    await json(path("tiny-vae", "vae", "config.json"), { _class_name: "AutoencoderTiny", act_fn: "gelu" });
    await expect(openCheckpoint(folder)).rejects.toThrow(/act_fn is "gelu"/);
  });
});
