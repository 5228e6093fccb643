import type { Tensor } from "@mezzotint/engine";
import { machineMemory } from "@mezzotint/engine/onnx";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { tinyVaeShapes, vaeShapes } from "../../test/network-shapes.js";
import { originalVae } from "../../test/original-names.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { openCheckpoint } from "./checkpoint.js";
import { decodeLatents, encodeImages, samplePosterior } from "./code-image.js";
import type { Vae } from "./descriptions.js";
import { PIXEL_SPACE } from "./pixel-space.js";
import { unreadKeys } from "./sessions.js";

const { inference, path } = testHost();
const overrides = { vae: { groups: 4 } };
const weights = randomWeights(vaeShapes([8, 16, 16], 1));
/** Pictures [B,H,W,C] of 0 to 1. */
const pictures = (...dims: number[]) => {
  const { data } = random(dims, 5);
  return { dims, data: data.map((x) => (x + 1) / 2) };
};

async function open(name: string, tensors: Iterable<readonly [string, Values]>): Promise<Vae> {
  await writeWeights(path(name), tensors);
  const checkpoint = await openCheckpoint(path(name), overrides);
  expect(await unreadKeys(checkpoint)).toEqual([]);
  return checkpoint.vae!;
}
let vae: Vae;
beforeAll(async () => {
  vae = await open("vae.safetensors", weights);
});
const encode = (images: ReturnType<typeof pictures>, of = vae) => encodeImages(inference(), of, images);

describe("encoding", () => {
  test("gives a latent cell for each square of pixels, item by item", async () => {
    const both = pictures(2, 8, 12, 3);
    const { mean, logvar } = await encode(both);
    expect([mean.dims, logvar?.dims]).toEqual([
      [2, 4, 2, 3],
      [2, 4, 2, 3],
    ]);
    const second = await encode({ dims: [1, 8, 12, 3], data: both.data.slice(288) });
    expect(difference(second.mean, { dims: [1, 4, 2, 3], data: mean.data.slice(24) })).toBe(0);
  });

  test("cuts what is over off evenly, and ignores alpha", async () => {
    const large = pictures(1, 11, 13, 4);
    const middle = pictures(1, 8, 12, 3);
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 12; x++)
        for (let c = 0; c < 3; c++) middle.data[(y * 12 + x) * 3 + c] = large.data[((y + 1) * 13 + x) * 4 + c]!;
    expect(difference((await encode(large)).mean, (await encode(middle)).mean)).toBe(0);
  });

  test.each([
    ["grey pictures", [1, 8, 8, 1], /3 channels.*\[1, 8, 8, 1\]/],
    ["pictures smaller than a cell", [1, 3, 8, 3], /8×3 pixels: each must have at least 4×4/],
    ["no pictures", [0, 8, 8, 3], /0 pictures/],
  ])("refuses %s", async (_, dims, message) => {
    await expect(encode(pictures(...dims))).rejects.toThrow(message);
  });

  test("a draw without noise is the mean, and noise is scaled by the deviation", () => {
    const posterior = {
      mean: random([1, 1, 1, 2], 1),
      logvar: { dims: [1, 1, 1, 2], data: Float32Array.of(0, Math.log(4)) },
    };
    const draw = (noise: number) => samplePosterior(posterior, Float32Array.of(noise, noise)).data;
    expect(draw(0)).toEqual(posterior.mean.data);
    expect(draw(1)[0]! - draw(0)[0]!).toBeCloseTo(1, 6);
    expect(draw(1)[1]! - draw(0)[1]!).toBeCloseTo(2, 6);
    expect(() => samplePosterior(posterior, new Float32Array(3))).toThrow("3 numbers of noise for 2 latents");
  });
});

describe("decoding", () => {
  test("gives pictures of 0 to 1, a square of pixels for each latent cell", async () => {
    const latents = random([2, 4, 3, 5], 3);
    const images = await decodeLatents(inference(), vae, { ...latents, data: latents.data.map((x) => 20 * x) });
    expect(images.dims).toEqual([2, 12, 20, 3]);
    expect(Math.min(...images.data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...images.data)).toBeLessThanOrEqual(1);
  });

  test.each([
    ["latents of another model", [1, 16, 2, 2], "[1, 16, 2, 2] do not fit"],
    ["empty latents", [1, 4, 0, 2], "do not fit"],
    ["a flat list", [16], "do not fit"],
  ])("refuses %s", async (_, dims, message) => {
    await expect(decodeLatents(inference(), vae, random(dims, 1))).rejects.toThrow(message);
  });

  test("refuses absurd sizes before anything is allocated", async () => {
    const data = new Float32Array();
    await expect(decodeLatents(inference(), vae, { dims: [1, 4, 1e6, 1e6], data })).rejects.toThrow(
      /4000000×4000000 .* too large/,
    );
    const wide = { ...vae, width: 1e7 };
    await expect(decodeLatents(inference(), wide, { dims: [1, 4, 1000, 1000], data })).rejects.toThrow(
      /takes about .* GiB/,
    );
  });
});

test("the original layout, whose attention is made of 1×1 convolutions, gives the same pictures", async () => {
  const square = ({ shape, data }: Values, key: string): Values =>
    /attentions\.0\.to_.*weight/.test(key) ? { shape: [...shape, 1, 1], data } : { shape, data };
  const original = await open(
    "original.safetensors",
    [...weights].map(([key, values]) => [originalVae(key, 3), square(values, key)] as const),
  );
  expect(original.weights.layout).toBe("ldm");
  const images = pictures(1, 8, 8, 3);
  const [a, b] = [await encode(images), await encode(images, original)];
  expect(difference(a.mean, b.mean)).toBe(0);
  const [x, y] = [await decodeLatents(inference(), vae, a.mean), await decodeLatents(inference(), original, b.mean)];
  expect(difference(x, y)).toBe(0);
});

test("an autoencoder without quantisation layers works", async () => {
  const without = await open("noquant.safetensors", randomWeights(vaeShapes([8, 16], 1, { quant: false })));
  expect(without.latent).toMatchObject({ channels: 4, factor: 2 });
  const { mean } = await encode(pictures(1, 8, 8, 3), without);
  expect((await decodeLatents(inference(), without, mean)).dims).toEqual([1, 8, 8, 3]);
});

describe("tiles", () => {
  /** About how far two pictures are apart, of 1. */
  const apart = (a: Tensor, b: Tensor) =>
    a.data.reduce((sum, x, i) => sum + Math.abs(x - b.data[i]!), 0) / a.data.length;

  test("as large as the picture change nothing; smaller ones change it a little, and each is told", async () => {
    const latents = random([2, 4, 20, 24], 9);
    const whole = await decodeLatents(inference(), vae, latents);
    const told: number[][] = [];
    const tiled = (side: number, overlap: number) =>
      decodeLatents(inference(), vae, latents, {
        tiles: { side, overlap },
        progress: (done, total) => told.push([done, total]),
      });
    expect(difference(await tiled(256, 64), whole)).toBeLessThan(1e-5);
    expect(told).toEqual([1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
    told.length = 0;
    const small = await tiled(64, 16);
    expect(small.dims).toEqual(whole.dims);
    expect(apart(small, whole)).toBeLessThan(0.05);
    expect(apart(small, whole)).toBeGreaterThan(0);
    expect(told.at(-1)).toEqual([told.length, told.length]);
    expect(told.length).toBeGreaterThan(12);
  });

  test("encode too; an overlap that leaves nothing of a tile is made smaller", async () => {
    const images = pictures(1, 81, 120, 3);
    const whole = await encode(images);
    for (const overlap of [0, 16, 4096]) {
      const { mean, logvar } = await encodeImages(inference(), vae, images, { tiles: { side: 64, overlap } });
      expect(mean.dims).toEqual([1, 4, 20, 30]);
      expect(logvar).toBeUndefined();
      expect(apart(mean, whole.mean)).toBeLessThan(0.2);
    }
  });

  test("are taken unasked when a picture does not fit into memory but a tile does", async () => {
    const tiny = await open("tiny.safetensors", randomWeights(tinyVaeShapes(4)));
    const latents = random([1, 4, 260, 258], 4);
    // As if this autoencoder were so wide that 512 × 512 pixels still fit, and 520 × 516 do not.
    const wide = { ...tiny, width: machineMemory() / (16 * 265_000) };
    let tiles = 0;
    const cut = await decodeLatents(inference(), wide, latents, { progress: (_, total) => (tiles = total) });
    expect(tiles).toBeGreaterThan(3);
    expect(apart(cut, await decodeLatents(inference(), tiny, latents))).toBeLessThan(0.01);
  }, 30_000);
});

test("pixel space is no autoencoder: pictures come back as they were", async () => {
  const images = pictures(2, 5, 7, 3);
  const { mean } = await encodeImages(inference(), PIXEL_SPACE, images);
  expect(mean.dims).toEqual([2, 3, 5, 7]);
  expect(difference(await decodeLatents(inference(), PIXEL_SPACE, mean), images)).toBeLessThan(1e-6);
});
