import { provide, type RunContext, services } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { decodeImage, FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, describe, expect, test } from "vitest";
import { random, testHost } from "../../test/host.js";
import { tinyVaeShapes } from "../../test/network-shapes.js";
import { originalTiny } from "../../test/original-names.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import type { Family, LatentColours, Model } from "../models/descriptions.js";
import { renderPreview } from "./preview.js";

const { inference, path } = testHost();
const modelOf = (family: Family, colours?: LatentColours) =>
  ({ family, latent: { channels: 4, scale: 1, ...(colours ? { colours } : {}) } }) as Model;

let ctx: Pick<RunContext, "use" | "signal">;
beforeAll(async () => {
  const decoder = [...randomWeights(tinyVaeShapes(4, { sides: ["decoder"] }))];
  await writeWeights(
    path("models", "vae_approx", "taesdxl_decoder.safetensors"),
    decoder.map(([key, values]) => [originalTiny(key), values] as const),
  );
  ctx = {
    signal: new AbortController().signal,
    use: services([provide(FOLDERS, openFolders({ data: path() })), provide(INFERENCE, inference())]),
  };
});

const shown = async (model: Model, data: Float32Array, dims: readonly number[]) => {
  const { mime, bytes } = await renderPreview(model, data, dims, ctx);
  expect(mime).toBe("image/jpeg");
  return (await decodeImage(bytes)).image;
};

describe("colours of cells", () => {
  const red: LatentColours = {
    factors: [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
    bias: [0, 0, 0],
  };

  test.each([
    [
      [1, 4, 6, 10],
      [48, 80],
    ],
    [
      [2, 4, 64, 48],
      [512, 384],
    ],
    [
      [1, 4, 128, 256],
      [256, 512],
    ],
    [
      [1, 4, 1, 1000],
      [1, 512],
    ],
  ])("latents of [%s] show as %s pixels", async (dims, [height, width]) => {
    const { data } = random(dims, 1);
    expect((await shown(modelOf("sd1"), data, dims)).dims).toEqual([1, height, width, 3]);
  });

  test("are those that the model brings", async () => {
    const { data } = await shown(modelOf("sd1", red), new Float32Array(4 * 64).fill(1), [1, 4, 8, 8]);
    expect([...data.subarray(0, 3)].map((x) => Math.round(10 * x))).toEqual([10, 0, 0]);
  });

  test("are the first item's; what is not a number is black", async () => {
    const latents = new Float32Array(2 * 4 * 64).fill(1);
    latents.fill(Number.NaN, 0, 4 * 64);
    const { data } = await shown(modelOf("sd1", red), latents, [2, 4, 8, 8]);
    expect(Math.max(...data)).toBeLessThan(0.05);
  });

  test("of a latent space that nobody measured are greys", async () => {
    const model = { family: "sd1", latent: { channels: 3, scale: 1 } } as Model;
    const { data } = await shown(model, random([1, 3, 4, 4], 2).data, [1, 3, 4, 4]);
    for (let i = 0; i < data.length; i += 3) expect(Math.abs(data[i]! - data[i + 1]!)).toBeLessThan(0.02);
  });
});

describe("the family's tiny autoencoder", () => {
  const dims = [1, 4, 6, 10];
  const { data } = random(dims, 3);

  test("decodes when it is in models/vae_approx", async () => {
    // It has two pixels a side for each cell, where colours have eight.
    expect((await shown(modelOf("sdxl"), data, dims)).dims).toEqual([1, 12, 20, 3]);
    expect((await shown(modelOf("sd1"), data, dims)).dims).toEqual([1, 48, 80, 3]);
  });

  test("is not for models whose latents have colours of their own", async () => {
    const own: LatentColours = {
      factors: [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      bias: [0, 1, 0],
    };
    expect((await shown(modelOf("sdxl", own), data, dims)).dims).toEqual([1, 48, 80, 3]);
  });
});
