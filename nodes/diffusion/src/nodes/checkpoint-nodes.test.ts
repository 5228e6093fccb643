import { fileURLToPath } from "node:url";
import { Blocker, provide, type RunContext, services, type Tensor } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, testHost } from "../../test/host.js";
import { vaeShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import type { Clip, Model, Vae } from "../models/index.js";
import type { Conditioning, Latent } from "../sockets.js";
import { clipSetLastLayer, clipTextEncode } from "./conditioning.js";
import { checkpointLoaderSimple, vaeLoader } from "./loaders.js";
import { vaeDecode, vaeEncode } from "./vae.js";

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
  test("gives an autoencoder that stands alone", async () => {
    expect(await vaeLoader.run({ vae_name: "tiny.safetensors" }, ctx)).toMatchObject({
      VAE: { latent: { factor: 2 } },
    });
  });

  test("refuses names that lead out of its folder", async () => {
    await expect(async () => vaeLoader.run({ vae_name: "../../secret.safetensors" }, ctx)).rejects.toThrow();
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
