import { truncate, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Blocker, provide, type RunContext, services, type Tensor } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, testHost } from "../../test/host.js";
import { tinyVaeShapes, unetShapes, vaeShapes } from "../../test/network-shapes.js";
import { originalTiny, originalUnet, originalVae } from "../../test/original-names.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import type { Clip, Model, Vae } from "../models/index.js";
import { checkModel } from "../sampling/fitting.js";
import type { Conditioning, Latent } from "../sockets.js";
import { clipSetLastLayer, clipTextEncode } from "./conditioning.js";
import { checkpointLoaderSimple, unetLoader, vaeLoader } from "./loaders.js";
import { vaeDecode, vaeDecodeTiled, vaeEncode, vaeEncodeTiled } from "./vae.js";

const { inference, path } = testHost();
const emoji = fileURLToPath(new URL("../../../../models/emoji/model", import.meta.url));

let ctx: RunContext;
let model: { MODEL: Model; CLIP: Clip; VAE: Vae };
beforeAll(async () => {
  await writeWeights(path("models", "vae", "tiny.safetensors"), randomWeights(vaeShapes([32, 32], 1)));
  await writeWeights(path("models", "checkpoints", "only-vae.safetensors"), randomWeights(vaeShapes([32, 32], 1)));
  const folders = openFolders({ data: path(), extraModels: { checkpoints: { emoji } } });
  ctx = {
    node: "1",
    signal: new AbortController().signal,
    progress: () => undefined,
    show: () => undefined,
    expand: () => Promise.reject(new Error("no node here expands")),
    use: services([provide(FOLDERS, folders), provide(INFERENCE, inference())]),
  };
  model = (await checkpointLoaderSimple.run({ ckpt_name: "emoji" }, ctx)) as typeof model;
});

const encode = async (text: string, clip = model.CLIP) =>
  ((await clipTextEncode.run({ text, clip }, ctx)) as { CONDITIONING: Conditioning }).CONDITIONING[0]!;

describe("CheckpointLoaderSimple", () => {
  test("lists checkpoints and gives what one holds", () => {
    const { choices } = checkpointLoaderSimple.inputs.ckpt_name;
    expect((choices as (use: RunContext["use"]) => readonly string[])(ctx.use)).toEqual([
      "emoji",
      "only-vae.safetensors",
    ]);
    expect([model.MODEL.kind, model.CLIP.kind, model.VAE.kind]).toEqual(["unet", "clip", "vae"]);
  });

  test("blocks what a checkpoint has not, and says so", async () => {
    const outputs = (await checkpointLoaderSimple.run({ ckpt_name: "only-vae.safetensors" }, ctx)) as Record<
      string,
      unknown
    >;
    expect(outputs.MODEL).toBeInstanceOf(Blocker);
    expect((outputs.CLIP as Blocker).message).toContain("only-vae.safetensors has no text encoder");
    expect(outputs.VAE).toMatchObject({ kind: "vae" });
  });

  test("has a version that is the content's", async () => {
    expect(await checkpointLoaderSimple.version?.({ ckpt_name: "emoji" }, ctx)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("VAELoader", () => {
  const names = async () =>
    (vaeLoader.inputs.vae_name.choices as (use: RunContext["use"]) => readonly string[])(ctx.use);
  const load = async (vae_name: string) => ((await vaeLoader.run({ vae_name }, ctx)) as { VAE: Vae }).VAE;

  test("gives an autoencoder that stands alone", async () => {
    expect(await load("tiny.safetensors")).toMatchObject({ architecture: "autoencoder-kl", latent: { factor: 2 } });
  });

  test("finds it under any prefix, in the original names", async () => {
    const original = [...randomWeights(vaeShapes([32, 32], 1))].map(
      ([key, values]) => [`first_stage_model.${originalVae(key, 2)}`, values] as const,
    );
    await writeWeights(path("models", "vae", "ldm.safetensors"), original);
    expect(await load("ldm.safetensors")).toMatchObject({ weights: { layout: "ldm", prefix: "first_stage_model." } });
  });

  test("offers a tiny autoencoder when both of its files are there", async () => {
    const half = (side: string) =>
      [...randomWeights(tinyVaeShapes(4, { sides: [side] }))].map(
        ([key, values]) => [originalTiny(key), values] as const,
      );
    await writeWeights(path("models", "vae_approx", "taesdxl_encoder.safetensors"), half("encoder"));
    await writeWeights(path("models", "vae_approx", "taesd_decoder.safetensors"), half("decoder"));
    expect(await names()).not.toContain("taesdxl");
    await writeWeights(path("models", "vae_approx", "taesdxl_decoder.safetensors"), half("decoder"));
    expect((await names()).slice(-2)).toEqual(["taesdxl", "pixel_space"]);
    expect(await load("taesdxl")).toMatchObject({ architecture: "tiny", latent: { scale: 0.13025, factor: 2 } });
    expect(await vaeLoader.version?.({ vae_name: "taesdxl" }, ctx)).toMatch(/^[0-9a-f]{64}$/);
    await expect(load("taesd")).rejects.toThrow(/taesd_encoder\.safetensors/);
  });

  test("has a version for this process only while one of two files has no hash yet", async () => {
    await writeFile(path("models", "vae_approx", "taef1_encoder.safetensors"), "small");
    await writeFile(path("models", "vae_approx", "taef1_decoder.safetensors"), "");
    await truncate(path("models", "vae_approx", "taef1_decoder.safetensors"), 2 ** 26 + 1);
    expect(await vaeLoader.version?.({ vae_name: "taef1" }, ctx)).toMatch(/^~/);
  });

  test("refuses names that lead out of its folder", async () => {
    await expect(async () => vaeLoader.run({ vae_name: "../../secret.safetensors" }, ctx)).rejects.toThrow();
  });
});

describe("UNETLoader", () => {
  const load = async (unet_name: string, weight_dtype: "default" | "fp8_e4m3fn" = "default") =>
    ((await unetLoader.run({ unet_name, weight_dtype }, ctx)) as { MODEL: Model }).MODEL;
  const plan = { channels: [32, 32], depth: [1, 0], layers: 1, context: 16 };
  const weights = [...randomWeights(unetShapes(plan))];

  test.each([
    ["diffusers", "", (key: string) => key],
    ["ldm", "", originalUnet(plan)],
    ["ldm", "model.diffusion_model.", originalUnet(plan)],
  ])("opens one in %s names under the prefix %j", async (layout, prefix, named) => {
    const name = `${layout}${prefix.length}.safetensors`;
    const stored = weights.map(([key, values]) => [prefix + named(key), values] as const);
    await writeWeights(path("models", "diffusion_models", name), stored);
    expect(await load(name)).toMatchObject({
      family: "sd1",
      weights: { layout, prefix },
      takes: { channels: 4, context: 16 },
    });
  });

  test("takes its weights as they are, whatever type is asked for", async () => {
    await writeWeights(path("models", "unet", "plain.safetensors"), weights);
    expect(await load("plain.safetensors", "fp8_e4m3fn")).toEqual(await load("plain.safetensors"));
  });

  test("says so when the file holds another network", async () => {
    await writeWeights(path("models", "unet", "vae.safetensors"), randomWeights(vaeShapes([32, 32], 1)));
    await expect(load("vae.safetensors")).rejects.toThrow("vae.safetensors has no diffusion model");
  });
});

describe("A model that cannot be sampled", () => {
  const plan = { channels: [32, 32, 32], depth: [0, 1, 1], layers: 1, context: 16, linear: true };
  const write = (kind: string, name: string, vector?: number) =>
    writeWeights(path("models", kind, name), randomWeights(unetShapes({ ...plan, ...(vector && { vector }) })));
  const reason = "xl.safetensors is Stable Diffusion XL; Mezzotint samples Stable Diffusion 1.x and 2.x so far";

  test("is refused where it is loaded, before anything runs", async () => {
    await write("checkpoints", "xl.safetensors", 20);
    await write("diffusion_models", "xl.safetensors", 20);
    expect(await checkpointLoaderSimple.check?.({ ckpt_name: "xl.safetensors" }, ctx)).toContain(reason);
    expect(await unetLoader.check?.({ unet_name: "xl.safetensors" }, ctx)).toBe(reason);
  });

  test("is opened all the same when its name comes by a link, and sampling says the same", async () => {
    const { MODEL } = (await checkpointLoaderSimple.run({ ckpt_name: "xl.safetensors" }, ctx)) as typeof model;
    expect(MODEL.family).toBe("sdxl");
    expect(() => checkModel(MODEL)).toThrow(reason);
  });

  test("is no other: those that can be, names by links, and files that cannot be opened pass", async () => {
    await write("diffusion_models", "two.safetensors");
    await writeFile(path("models", "diffusion_models", "broken.safetensors"), "broken");
    expect(await unetLoader.check?.({ unet_name: "two.safetensors" }, ctx)).toBeUndefined();
    expect(await unetLoader.check?.({ unet_name: "broken.safetensors" }, ctx)).toBeUndefined();
    expect(await unetLoader.check?.({}, ctx)).toBeUndefined();
    for (const ckpt_name of ["emoji", "only-vae.safetensors", undefined]) {
      expect(await checkpointLoaderSimple.check?.({ ...(ckpt_name && { ckpt_name }) }, ctx)).toBeUndefined();
    }
  });
});

describe("CLIPTextEncode", () => {
  test("gives 77 states of the encoder's width, and more for a long text", async () => {
    expect((await encode("red apple")).tokens.dims).toEqual([1, 77, 128]);
    expect((await encode("")).tokens.dims).toEqual([1, 77, 128]);
    expect((await encode("red apple ".repeat(50))).tokens.dims).toEqual([1, 154, 128]);
  });

  test("gives two encoders' states side by side, and pools the second's", async () => {
    const [encoder] = model.CLIP.encoders;
    const twice: Clip = { kind: "clip", encoders: [encoder!, { ...encoder!, layer: -2, norm: false }] };
    const [both, first] = [await encode("key", twice), await encode("key")];
    expect(both.tokens.dims).toEqual([1, 77, 256]);
    const firstHalf = first.tokens.data.map((_, i) => both.tokens.data[Math.floor(i / 128) * 256 + (i % 128)]!);
    expect(difference({ dims: first.tokens.dims, data: firstHalf }, first.tokens)).toBe(0);
  });
});

test("CLIPSetLastLayer takes the text from an earlier layer; beyond the first it is the last", async () => {
  const at = async (layer: number) => {
    const { CLIP } = (await clipSetLastLayer.run({ clip: model.CLIP, stop_at_clip_layer: layer }, ctx)) as {
      CLIP: Clip;
    };
    return (await encode("ghost", CLIP)).tokens;
  };
  const plain = (await encode("ghost")).tokens;
  expect(difference(await at(-1), plain)).toBe(0);
  expect(difference(await at(-24), plain)).toBe(0);
  expect(difference(await at(-2), plain)).toBeGreaterThan(0.01);
});

test("a picture goes through VAEEncode and VAEDecode and is still the same picture", async () => {
  const size = 64;
  // A red disc on white: what the embedded model was trained on looks like this.
  const data = Float32Array.from({ length: size * size * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    return Math.hypot(x - size / 2, y - size / 2) < size / 3 && i % 3 > 0 ? 0.1 : 1;
  });
  const pixels: Tensor = { dims: [1, size, size, 3], data };
  const { LATENT } = (await vaeEncode.run({ pixels, vae: model.VAE }, ctx)) as { LATENT: Latent };
  expect(LATENT.samples.dims).toEqual([1, 4, 8, 8]);
  const { IMAGE } = (await vaeDecode.run({ samples: LATENT, vae: model.VAE }, ctx)) as { IMAGE: Tensor };
  expect(IMAGE.dims).toEqual(pixels.dims);
  const error = IMAGE.data.reduce((sum, x, i) => sum + Math.abs(x - data[i]!), 0) / data.length;
  expect(error).toBeLessThan(0.08);
});

describe("in tiles", () => {
  const tiling = { tile_size: 64, overlap: 64, temporal_size: 64, temporal_overlap: 8 };
  const apart = (a: Tensor, b: Tensor) =>
    a.data.reduce((sum, x, i) => sum + Math.abs(x - b.data[i]!), 0) / a.data.length;
  const size = 96;
  const rings: Tensor = {
    dims: [1, size, size, 3],
    data: Float32Array.from({ length: size * size * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      return Math.hypot(x - 48, y - 48) % 32 < 16 && i % 3 > 0 ? 0.2 : 1;
    }),
  };

  test("a picture is encoded and decoded much as it is whole", async () => {
    const whole = ((await vaeEncode.run({ pixels: rings, vae: model.VAE }, ctx)) as { LATENT: Latent }).LATENT;
    const tiled = (await vaeEncodeTiled.run({ pixels: rings, vae: model.VAE, ...tiling }, ctx)) as { LATENT: Latent };
    expect(tiled.LATENT.samples.dims).toEqual([1, 4, 12, 12]);
    expect(apart(tiled.LATENT.samples, whole.samples)).toBeLessThan(1);
    const picture = (await vaeDecode.run({ samples: whole, vae: model.VAE }, ctx)) as { IMAGE: Tensor };
    const pieces = (await vaeDecodeTiled.run({ samples: whole, vae: model.VAE, ...tiling }, ctx)) as { IMAGE: Tensor };
    expect(pieces.IMAGE.dims).toEqual(rings.dims);
    expect(apart(pieces.IMAGE, picture.IMAGE)).toBeLessThan(0.03);
  });
});
