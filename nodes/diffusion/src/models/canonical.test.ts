import { type TensorEntry, WeightsError } from "@mezzotint/engine/onnx";
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
import { originalUnet, originalVae } from "../../test/original-names.js";
import { canonical, type Tensors } from "./canonical.js";
import type { Component } from "./detect.js";

const entry = (key: string, shape: readonly number[], offset = 0): TensorEntry => {
  const length = 2 * shape.reduce((product, n) => product * n, 1);
  return { file: "m.safetensors", key, dtype: "F16", shape, offset, length };
};

/** The tensors of a file whose keys are renamed. */
const stored = (shapes: Shapes, rename: (key: string) => string): Tensors =>
  new Map([...shapes].map(([key, shape]) => [rename(key), entry(rename(key), shape)]));

const shapesOf = (tensors: Tensors): Shapes => new Map([...tensors].map(([name, { shape }]) => [name, shape]));

const plans: [string, UnetPlan][] = [
  ["SD1", SD1],
  ["SD2", SD2],
  ["SDXL", SDXL],
  ["SDXL refiner", REFINER],
  ["two levels", { channels: [32, 64], depth: [1, 0], layers: 2, context: 8 }],
  ["attention only at the top and the bottom", { channels: [32, 32, 64], depth: [1, 0, 2], layers: 1, context: 8 }],
  [
    "attention only in the middle level",
    { channels: [32, 32, 64], depth: [0, 3, 0], layers: 1, context: 8, linear: true },
  ],
  ["one layer, attention everywhere", { channels: [32, 64], depth: [1, 1], layers: 1, context: 8 }],
];

describe("names of the original layout", () => {
  test.each(plans)("every key of a UNet gets diffusers' name: %s", (_, plan) => {
    const shapes = unetShapes(plan);
    const original = originalUnet(plan);
    const prefix = "model.diffusion_model.";
    const tensors = stored(shapes, (key) => prefix + original(key));
    expect(shapesOf(canonical(tensors, { kind: "unet", layout: "ldm", prefix }))).toEqual(shapes);
  });

  test.each([2, 3, 4])("every key of an autoencoder of %i levels gets diffusers' name", (levels) => {
    const shapes = vaeShapes([32, 32, 64, 64].slice(0, levels), 2);
    const tensors = stored(shapes, (key) => originalVae(key, levels));
    expect(shapesOf(canonical(tensors, { kind: "vae", layout: "ldm", prefix: "" }))).toEqual(shapes);
  });

  test("an old diffusers autoencoder's attention gets today's names", () => {
    const shapes = vaeShapes([32, 32], 1);
    const old: [string, string][] = [
      ["to_q", "query"],
      ["to_k", "key"],
      ["to_v", "value"],
      ["to_out.0", "proj_attn"],
    ];
    const tensors = stored(shapes, (key) => old.reduce((name, [now, then]) => name.replace(now, then), key));
    expect(shapesOf(canonical(tensors, { kind: "vae", layout: "diffusers", prefix: "" }))).toEqual(shapes);
  });

  test("a text encoder reads the same with and without transformers' prefix", () => {
    const shapes = clipShapes(16, 2, 100, 8);
    const component: Component = { kind: "clip", layout: "transformers", prefix: "" };
    const bare = stored(shapes, (key) => key.replace("text_model.", ""));
    expect(shapesOf(canonical(bare, component))).toEqual(shapes);
    expect(
      shapesOf(
        canonical(
          stored(shapes, (key) => key),
          component,
        ),
      ),
    ).toEqual(shapes);
  });

  test("OpenCLIP's fused projection is three that lie one after the other in the file", () => {
    const key = "transformer.resblocks.3.attn.in_proj_weight";
    const tensors = new Map([[key, entry(key, [12, 4], 1000)]]);
    const named = canonical(tensors, { kind: "clip", layout: "openclip", prefix: "" });
    const layer = "text_model.encoder.layers.3.self_attn";
    expect(Array.from(named, ([name, { shape, offset, length }]) => [name, shape, offset, length])).toEqual([
      [`${layer}.q_proj.weight`, [4, 4], 1000, 32],
      [`${layer}.k_proj.weight`, [4, 4], 1032, 32],
      [`${layer}.v_proj.weight`, [4, 4], 1064, 32],
    ]);
  });

  test("two keys that would get one name are refused, by both their names", () => {
    const tensors = stored(
      new Map([
        ["encoder.layers.0.x", [1]],
        ["text_model.encoder.layers.0.x", [1]],
      ]),
      (key) => key,
    );
    const read = () => canonical(tensors, { kind: "clip", layout: "transformers", prefix: "" });
    expect(read).toThrow(WeightsError);
    expect(read).toThrow(/text_model\.encoder\.layers\.0\.x.*encoder\.layers\.0\.x/);
  });

  test("keys that borrow names from Object.prototype are just unknown", () => {
    const keys = [
      "middle_block.0.constructor.weight",
      "input_blocks.0.0.weight",
      "output_blocks.0.0.in_layers.0.weight",
    ];
    const tensors = new Map(keys.map((key) => [key, entry(key, key.includes("in_layers") ? [1] : [1, 1, 1, 1])]));
    const named = canonical(tensors, { kind: "unet", layout: "ldm", prefix: "" });
    expect([...named.keys()].sort()).toEqual(["conv_in.weight", "up_blocks.0.resnets.0.norm1.weight"]);
  });

  test.each([
    ["input_blocks.0.0.weight", [32], "4 axes"],
    ["input_blocks.1.0.in_layers.0.bias", [], "1 axes"],
    ["input_blocks.1.0.in_layers.2.weight", [32, 0, 3, 3], "none of them empty"],
    ["input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight", [2, 2, 2], "2 or 4 axes"],
  ])("%s of shape %o is refused with its key", (key, shape, reason) => {
    const others: Shapes = new Map([
      ["input_blocks.1.0.in_layers.0.weight", [32]],
      ["input_blocks.1.1.norm.weight", [32]],
    ]);
    const tensors = stored(others.set(key, shape), (name) => name);
    const read = () => canonical(tensors, { kind: "unet", layout: "ldm", prefix: "" });
    expect(read).toThrow(`m.safetensors: key "${key}": its shape is [${shape.join(", ")}]`);
    expect(read).toThrow(reason);
  });
});
