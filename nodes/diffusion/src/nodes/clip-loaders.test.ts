import { provide, type RunContext, services } from "@mezzotint/engine";
import { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, describe, expect, test } from "vitest";
import { testHost } from "../../test/host.js";
import { clipShapes, vaeShapes } from "../../test/network-shapes.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import type { Clip } from "../models/index.js";
import { clipLoader, dualClipLoader } from "./clip-loaders.js";

const { path } = testHost();
let ctx: RunContext;

/** An encoder of a real number of layers, and otherwise tiny. */
const encoder = (layers: number, projection?: number) => randomWeights(clipShapes(8, layers, 100, projection));

beforeAll(async () => {
  const write = (name: string, tensors: Iterable<readonly [string, Values]>) =>
    writeWeights(path("models", "text_encoders", `${name}.safetensors`), tensors);
  const l = encoder(12);
  await write("l", l);
  await write(
    "l5",
    [...l].map(([key, value]) => [key.replace("text_model.", ""), value]),
  );
  await write("h", encoder(24, 8));
  await write("h23", encoder(23, 8));
  await write("g", encoder(32, 8));
  await write("vae", randomWeights(vaeShapes([32, 32], 1)));
  await write("t5", [["encoder.block.0.layer.0.SelfAttention.k.weight", { shape: [1, 1], data: new Float32Array(1) }]]);
  ctx = { use: services([provide(FOLDERS, openFolders({ data: path() }))]) } as unknown as RunContext;
});

const load = async (name: string) => {
  const inputs = { clip_name: `${name}.safetensors`, type: "stable_diffusion", device: "default" } as const;
  return ((await clipLoader.run(inputs, ctx)) as { CLIP: Clip }).CLIP.encoders;
};
const loadTwo = async (one: string, other: string) => {
  const inputs = { clip_name1: `${one}.safetensors`, clip_name2: `${other}.safetensors`, type: "sdxl" } as const;
  return ((await dualClipLoader.run({ ...inputs, device: undefined }, ctx)) as { CLIP: Clip }).CLIP.encoders;
};

describe("CLIPLoader", () => {
  test.each([
    ["l", { layer: -1, norm: true, config: { activation: "quick_gelu", pad: 99 } }],
    ["l5", { layer: -1, norm: true, config: { activation: "quick_gelu", pad: 99 } }],
    ["h", { layer: -2, norm: true, config: { activation: "gelu", pad: 0 } }],
    ["h23", { layer: -1, norm: true, config: { activation: "gelu", pad: 0 } }],
    ["g", { layer: -2, norm: false, config: { activation: "gelu", pad: 0 } }],
  ])("tells by its layers which model an encoder is for: %s", async (name, want) => {
    const encoders = await load(name);
    expect(encoders).toHaveLength(1);
    expect(encoders[0]).toMatchObject(want);
  });

  test("says what a file is that holds no CLIP text encoder", async () => {
    await expect(load("vae")).rejects.toThrow(/vae\.safetensors holds no CLIP text encoder/);
    await expect(load("t5")).rejects.toThrow(/t5\.safetensors: .*T5 text encoder, which is not supported/);
  });

  test("refuses types that cannot be run before anything runs", () => {
    expect(clipLoader.check?.({ type: "wan" }, ctx)).toMatch(/wan are not supported; stable_diffusion is/);
    expect(clipLoader.check?.({ type: "stable_diffusion" }, ctx)).toBeUndefined();
    expect(clipLoader.check?.({}, ctx)).toBeUndefined();
  });

  test("refuses them when they come by a link too", async () => {
    const inputs = { clip_name: "l.safetensors", type: "sd3", device: undefined } as const;
    await expect(async () => clipLoader.run(inputs, ctx)).rejects.toThrow("sd3 are not supported");
  });

  test("has a version that is the content's", async () => {
    const version = (name: string) => clipLoader.version?.({ clip_name: `${name}.safetensors` }, ctx);
    expect(await version("l")).toMatch(/^~?[0-9a-f]{64}$/);
    expect(await version("l")).not.toBe(await version("h"));
  });
});

describe("DualCLIPLoader", () => {
  test("gives L and bigG, in whichever order they are named", async () => {
    const [one, other] = [await loadTwo("l", "g"), await loadTwo("g", "l")];
    expect(one).toEqual(other);
    expect(one.map(({ size }) => size.layers)).toEqual([12, 32]);
    for (const one of other) expect(one).toMatchObject({ layer: -2, norm: false });
    expect(one.map(({ config }) => config.pad)).toEqual([99, 0]);
  });

  test.each([
    ["l", "l5", /needs CLIP-L and OpenCLIP-bigG.*l\.safetensors holds CLIP-L \(12 layers\) and .*l5/],
    ["g", "g", /OpenCLIP encoder \(32 layers\) and/],
    ["l", "h", /h\.safetensors holds OpenCLIP-H/],
    ["l", "vae", /vae\.safetensors holds no CLIP/],
  ])("of %s and %s is an error that says what they are", async (one, other, message) => {
    await expect(loadTwo(one, other)).rejects.toThrow(message);
  });

  test("refuses other types", () => {
    expect(dualClipLoader.check?.({ type: "flux" }, ctx)).toMatch(/flux are not supported; sdxl is/);
  });

  test("has a version of both contents", async () => {
    const version = (one: string, other: string) =>
      dualClipLoader.version?.({ clip_name1: `${one}.safetensors`, clip_name2: `${other}.safetensors` }, ctx);
    const all = [await version("l", "g"), await version("g", "l"), await version("l", "h")];
    expect(new Set(all).size).toBe(3);
  });
});
