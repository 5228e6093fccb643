import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { unetShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { type Model, openCheckpoint } from "../models/index.js";
import type { Latent } from "../sockets.js";
import { type SampleRequest, sampleLatent } from "./sample.js";
import { samplers } from "./samplers/index.js";
import { schedulers } from "./schedules/index.js";

const { inference, path } = testHost();
let model: Model;
beforeAll(async () => {
  await writeWeights(
    path("unet.safetensors"),
    randomWeights(unetShapes({ channels: [32], depth: [1], layers: 1, context: 6 })),
  );
  model = (await openCheckpoint(path("unet.safetensors"), { unet: { heads: 4, groups: 16 } })).model!;
});

const text = (tokens: number, seed: number) => [{ tokens: random([1, tokens, 6], seed) }];
const empty = (...dims: number[]): Latent => ({
  samples: { dims, data: new Float32Array(dims.reduce((a, b) => a * b)) },
});
const sample = (changes: Partial<SampleRequest> = {}) =>
  sampleLatent({
    model,
    inference: inference(),
    positive: text(5, 1),
    negative: text(5, 2),
    latent: empty(1, 4, 8, 8),
    cfg: 4,
    seed: 3n,
    steps: 4,
    sampler: samplers.euler,
    scheduler: schedulers.normal,
    ...changes,
  });

/** Latents of a random network are in the tens; batches of another size add up in another order. */
const ROUNDING = 1e-3;

test("the seed, the texts and the guidance all matter", async () => {
  const base = (await sample()).samples;
  for (const changes of [{ seed: 4n }, { positive: text(5, 9) }, { negative: text(5, 9) }, { cfg: 2 }]) {
    expect(difference((await sample(changes)).samples, base)).toBeGreaterThan(0.1);
  }
});

test("texts of different lengths need no padding: which run of the network they share changes nothing", async () => {
  const long = {
    tokens: {
      dims: [1, 10, 6],
      data: Float32Array.of(
        ...Array(2)
          .fill([...text(5, 2)[0]!.tokens.data])
          .flat(),
      ),
    },
  };
  // Attention over the same tokens twice is attention over them once.
  expect(difference((await sample({ negative: [long] })).samples, (await sample()).samples)).toBeLessThan(ROUNDING);
});

test("without guidance the negative text is not read", async () => {
  const [one, other] = [await sample({ cfg: 1 }), await sample({ cfg: 1, negative: [] })];
  expect(other.samples.data).toEqual(one.samples.data);
});

test("a CFG++ sampler reads the negative text even without guidance", async () => {
  const request = { cfg: 1, sampler: samplers.euler_cfg_pp };
  const base = (await sample(request)).samples;
  expect(difference((await sample({ ...request, negative: text(5, 9) })).samples, base)).toBeGreaterThan(0.1);
  await expect(sample({ ...request, negative: [] })).rejects.toThrow("negative conditioning holds no condition");
});

test("a sampler that takes more steps than were planned says so as it goes", async () => {
  const seen: [number, number][] = [];
  await sample({
    sampler: samplers.dpm_adaptive,
    steps: 2,
    onStep: ({ index, total }) => {
      seen.push([index, total]);
    },
  });
  expect(seen.length).toBeGreaterThan(2);
  expect(seen).toEqual(seen.map((_, i) => [i, Math.max(2, i + 1)]));
});

test("two conditions are averaged, so the same one twice is the same", async () => {
  const twice = await sample({ positive: [...text(5, 1), ...text(5, 1)] });
  expect(difference(twice.samples, (await sample()).samples)).toBeLessThan(ROUNDING);
});

test("an item of a batch can be made again alone, by its place", async () => {
  const batch = await sample({ latent: empty(3, 4, 8, 8), sampler: samplers.dpmpp_2m });
  const alone = await sample({ latent: { ...empty(1, 4, 8, 8), batch_index: [2] }, sampler: samplers.dpmpp_2m });
  const third = { dims: [1, 4, 8, 8], data: batch.samples.data.slice(2 * 256) };
  expect(difference(alone.samples, third)).toBeLessThan(ROUNDING);
});

test("what a latent's mask keeps comes back, and the mask with it", async () => {
  const samples = random([1, 4, 8, 8], 5);
  const noise_mask = { dims: [1, 8, 8], data: Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? 1 : 0)) };
  const result = await sample({ latent: { samples, noise_mask } });
  expect(result.noise_mask).toBe(noise_mask);
  for (const [i, value] of samples.data.entries()) {
    if (i % 64 >= 32) expect(result.samples.data[i]).toBeCloseTo(value, 4);
  }
});

test("less denoise leaves more of the latent, and none leaves it as it is", async () => {
  const latent = { samples: random([1, 4, 8, 8], 6) };
  const moved = async (denoise: number) => difference((await sample({ latent, denoise })).samples, latent.samples);
  expect(await moved(0)).toBe(0);
  expect(await moved(0.05)).toBeLessThan(await moved(1));
});

test("steps are reported in order, with the time that the network took of each", async () => {
  const steps: [number, number][] = [];
  await sample({
    onStep: ({ index, total, ms, hostMs }) => {
      expect(hostMs).toBeGreaterThan(0);
      expect(ms).toBeGreaterThanOrEqual(hostMs);
      steps.push([index, total]);
    },
  });
  expect(steps).toEqual([
    [0, 4],
    [1, 4],
    [2, 4],
    [3, 4],
  ]);
});

test("an abort stops between steps, and the next run is as if nothing had been", async () => {
  const abort = new AbortController();
  const seen: number[] = [];
  const running = sample({
    signal: abort.signal,
    onStep: ({ index }) => {
      seen.push(index);
      if (index === 1) abort.abort();
    },
  });
  await expect(running).rejects.toThrow(/abort/i);
  expect(seen).toEqual([0, 1]);
  expect((await sample()).samples.data).toEqual((await sample()).samples.data);
});

describe("what doesn't fit is refused:", () => {
  test.each<[string, () => Partial<SampleRequest>, RegExp]>([
    [
      "another model's text",
      () => ({ positive: [{ tokens: random([1, 5, 7], 1) }] }),
      /positive conditioning is 7 wide and the model reads 6/,
    ],
    ["no text", () => ({ negative: [] }), /negative conditioning holds no condition/],
    [
      "another model's latent",
      () => ({ latent: { samples: random([1, 16, 4, 4], 1) } }),
      /16 channels and the model works with 4/,
    ],
    ["a latent without values", () => ({ latent: empty(1, 4, 0, 8) }), /a latent is \[batch/],
    ["an undefined schedule", () => ({ scheduler: schedulers.kl_optimal, steps: 1 }), /noise level 1 of 2 is NaN/],
    [
      "an inpainting model",
      () => ({ model: { ...model, takes: { ...model.takes, channels: 9 } } }),
      /takes 9 channels/,
    ],
  ])("%s", async (_, changes, message) => {
    await expect(sample(changes())).rejects.toThrow(message);
  });
});

test("an empty latent of any channels starts any model", async () => {
  expect((await sample({ latent: empty(1, 16, 8, 8) })).samples.data).toEqual((await sample()).samples.data);
});
