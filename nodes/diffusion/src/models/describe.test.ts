import { type TensorEntry, Weights } from "@mezzotint/engine/onnx";
import { describe, expect, test } from "vitest";
import {
  clipShapes,
  REFINER,
  SD1,
  SD2,
  SDXL,
  type Shapes,
  type UnetPlan,
  unetShapes,
  vaeShapes,
} from "../../test/network-shapes.js";
import { clipGraph } from "./clip.js";
import { describeEncoder, describeUnet, describeVae } from "./describe.js";
import type { WeightsSource } from "./descriptions.js";
import { DEFAULT_PREDICTION } from "./network-config.js";
import { unetGraph } from "./unet.js";
import { decoderGraph, encoderGraph } from "./vae.js";

const source: WeightsSource = { files: ["m.safetensors"], layout: "diffusers", prefix: "", identity: "i" };

/** A header without a file: building a graph reads no data. */
const tensors = (shapes: Shapes): ReadonlyMap<string, TensorEntry> =>
  new Map(
    Array.from(shapes, ([key, shape], i) => {
      const length = 2 * shape.reduce((product, n) => product * n, 1);
      return [key, { file: "m.safetensors", key, dtype: "F16", shape, offset: i * 2 ** 40, length }];
    }),
  );
const parameters = (shapes: Shapes) =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0);
const unet = (plan: UnetPlan, overrides = {}) =>
  describeUnet(tensors(unetShapes(plan)), source, { prediction: DEFAULT_PREDICTION }, overrides);

// Parameter counts are those of the published models: they show that these are the real shapes.
const published: [string, UnetPlan, number, object][] = [
  ["sd1", SD1, 859_520_964, { config: { heads: 8, groups: 32 }, takes: { channels: 4, context: 768 } }],
  [
    "sd1",
    { ...SD1, inputs: 9 },
    859_535_364,
    { takes: { channels: 9, context: 768 }, latent: { channels: 4, scale: 0.18215 } },
  ],
  ["sd2", SD2, 865_910_724, { config: { headWidth: 64 }, takes: { channels: 4, context: 1024 } }],
  ["sdxl", SDXL, 2_567_463_684, { config: { headWidth: 64 }, takes: { vector: 2816 }, latent: { scale: 0.13025 } }],
  ["sdxl-refiner", REFINER, 2_300_000_000, { takes: { context: 1280, vector: 2560 } }],
];

describe("UNets", () => {
  test.each(published)(
    "a %s network is known by its structure, and every key of it is read",
    (family, plan, count, found) => {
      const shapes = unetShapes(plan);
      // The refiner's published size is rounded.
      expect(Math.abs(parameters(shapes) / count - 1)).toBeLessThan(family === "sdxl-refiner" ? 0.05 : 1e-9);
      const model = unet(plan);
      expect(model).toMatchObject({ family, ...found });
      const weights = Weights.from(tensors(shapes));
      unetGraph(weights, model.config);
      expect(weights.unread()).toEqual([]);
    },
  );

  test("widths don't decide the family", () => {
    const small = { channels: [32, 64], depth: [0, 1], layers: 1, context: 8 };
    expect(unet(small).family).toBe("sd1");
    expect(unet({ ...small, linear: true }).family).toBe("sd2");
    expect(unet({ ...small, linear: true, vector: 40 }).family).toBe("sdxl");
  });

  test("heads that are given win over the family's head width", () => {
    expect(unet(SDXL, { unet: { heads: [2, 2, 4] } }).config).toEqual({ heads: [2, 2, 4], groups: 32 });
    expect(unet(SDXL, { unet: { headWidth: 16 } }).config).toEqual({ heads: 8, headWidth: 16, groups: 32 });
  });

  test("heads that don't fit are refused with the layer's name", () => {
    const plan = { channels: [32, 64], depth: [1, 0], layers: 1, context: 8 };
    const build = (config: object) => () =>
      unetGraph(Weights.from(tensors(unetShapes(plan))), { groups: 32, heads: 8, ...config });
    expect(build({ heads: 7 })).toThrow(
      "down_blocks.0.attentions.0.proj_in.weight: 32 channels cannot be divided into 7 heads",
    );
    expect(build({ headWidth: 64 })).toThrow("heads of 64");
    expect(build({ heads: [8] })).toThrow("heads for 1 levels, the weights have 2 levels");
  });

  test("groups that don't fit are refused with the layer's name", () => {
    const shapes = unetShapes({ channels: [32, 48], depth: [1, 0], layers: 1, context: 8 });
    const build = () => unetGraph(Weights.from(tensors(shapes)), { groups: 32, heads: 8 });
    expect(build).toThrow("down_blocks.1.resnets.0.norm2.weight: 48 channels cannot be divided into 32 groups");
  });

  test("a network without cross-attention is refused", () => {
    const shapes = unetShapes({ channels: [32], depth: [0], layers: 1, context: 8 });
    const without = new Map([...shapes].filter(([key]) => !key.includes("attentions")));
    expect(() => describeUnet(tensors(without), source, { prediction: DEFAULT_PREDICTION }, {})).toThrow(
      /cross-attention/,
    );
  });

  test("a numbering with a huge gap ends at the gap", () => {
    const shapes = unetShapes({ channels: [32], depth: [1], layers: 1, context: 8 });
    shapes.set("down_blocks.99999999.resnets.0.norm1.weight", [32]);
    expect(() => unetGraph(Weights.from(tensors(shapes)), { heads: 8, groups: 32 })).toThrow(/down_blocks\.1\./);
  });
});

test("Stable Diffusion's autoencoder: every key is read, and its latents are 8 times smaller", () => {
  const shapes = vaeShapes([128, 256, 512, 512], 2);
  expect(parameters(shapes)).toBe(83_653_863);
  const vae = describeVae(tensors(shapes), source, { scale: 0.18215 }, {});
  expect(vae).toMatchObject({ latent: { channels: 4, factor: 8 }, width: 256, config: { groups: 32 } });
  const weights = Weights.from(tensors(shapes));
  encoderGraph(weights, vae.config);
  decoderGraph(weights, vae.config);
  expect(weights.unread()).toEqual([]);
});

describe("text encoders", () => {
  const place = { layer: -1, norm: true };
  test("OpenAI's L has 12 heads, quick GELU and pads with the end of text", () => {
    const shapes = clipShapes(768, 12, 49408);
    expect(parameters(shapes)).toBe(123_060_480);
    const encoder = describeEncoder(tensors(shapes), source, place, {});
    expect(encoder.config).toEqual({ heads: 12, activation: "quick_gelu", bos: 49406, eos: 49407, pad: 49407 });
    expect(encoder.size).toEqual({ layers: 12, vocabulary: 49408, positions: 77 });
    const weights = Weights.from(tensors(shapes));
    clipGraph(weights, encoder.config);
    expect(weights.unread()).toEqual([]);
  });

  test("OpenCLIP's bigG has 20 heads, exact GELU and pads with 0", () => {
    const { config } = describeEncoder(tensors(clipShapes(1280, 32, 49408, 1280)), source, place, {});
    expect(config).toEqual({ heads: 20, activation: "gelu", bos: 49406, eos: 49407, pad: 0 });
  });
});
