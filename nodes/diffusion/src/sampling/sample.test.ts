import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { unetShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { type Model, openCheckpoint } from "../models/index.js";
import type { Latent } from "../sockets.js";
import { sampleSchedule, scheduleOf } from "./sample.js";
import { type LatentRequest, sampleLatent } from "./sample-latent.js";
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
const sample = (changes: Partial<LatentRequest> = {}) =>
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

test.each([Number.NaN, Number.POSITIVE_INFINITY])("guidance by %d, which a link may bring, is refused", async (cfg) => {
  await expect(sample({ cfg })).rejects.toThrow(`(cfg) is ${cfg}`);
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

describe("some of the steps", () => {
  const steps = 6;
  const part = (start: number, end: number, leftoverNoise = true) => ({ steps, part: { start, end, leftoverNoise } });

  test.each(["euler", "heun", "dpm_2", "ddim"] as const)(
    "of %s, then the rest without noise, are the whole",
    async (name) => {
      const sampler = samplers[name];
      const whole = await sample({ steps, sampler });
      const first = await sample({ ...part(0, 2), sampler });
      const second = await sample({ ...part(2, 10_000), sampler, latent: first, noise: "none" });
      expect(difference(second.samples, whole.samples)).toBeLessThan(ROUNDING);
    },
  );

  test("that stop early end with the denoised latent, or as asked with the noise of their last level", async () => {
    const seen: Float32Array[] = [];
    const onStep = ({ denoised }: { denoised: Float32Array }) => void seen.push(denoised);
    const clean = await sample({ ...part(0, 2, false), onStep });
    const noisy = await sample({ ...part(0, 2, true), onStep });
    expect(clean.samples.data).toEqual(seen[1]!.map((value) => value / model.latent.scale));
    expect(difference(noisy.samples, { dims: [1, 4, 8, 8], data: seen[3]! })).toBeGreaterThan(0.1);
  });

  test.each([
    [3, 3],
    [6, 10],
    [0, 0],
  ])("from %d to before %d are none, and leave the latent, with the model's channels", async (start, end) => {
    const latent = { samples: random([1, 4, 8, 8], 6) };
    expect((await sample({ ...part(start, end), latent })).samples).toEqual(latent.samples);
    expect((await sample({ ...part(start, end), latent: empty(1, 16, 8, 8) })).samples.dims).toEqual([1, 4, 8, 8]);
  });

  test("start from the noise that the step's level asks for", async () => {
    const latent = { samples: random([1, 4, 8, 8], 6) };
    const started = async (changes: Partial<LatentRequest>) => {
      const seen: Float32Array[] = [];
      await sample({ ...part(2, 3), latent, onStep: ({ x }) => void seen.push(x), ...changes });
      return seen[0]!;
    };
    const [plain, noisy] = [await started({ noise: "none" }), await started({})];
    for (const [i, value] of latent.samples.data.entries()) expect(plain[i]).toBeCloseTo(value * model.latent.scale, 4);
    expect(noisy).not.toEqual(plain);
  });
});

describe("a schedule", () => {
  const along = (sigmas: number[], changes: Partial<Parameters<typeof sampleSchedule>[0]> = {}) =>
    sampleSchedule({
      guider: { model, positive: text(5, 1), negative: text(5, 2), cfg: 4 },
      inference: inference(),
      latent: { samples: random([1, 4, 8, 8], 6) },
      sampler: samplers.euler,
      schedule: scheduleOf(model, Float32Array.from(sigmas)),
      seed: 3n,
      ...changes,
    });

  test("gives what the model took the picture to be in the last step, too", async () => {
    const seen: Float32Array[] = [];
    const { output, denoised } = await along([5, 2, 1], { onStep: (step) => void seen.push(step.denoised) });
    expect(denoised.samples.data).toEqual(seen[1]!.map((value) => value / model.latent.scale));
    expect(difference(denoised.samples, output.samples)).toBeGreaterThan(0.1);
    const ended = await along([5, 2, 0]);
    expect(ended.denoised.samples.data).toEqual(ended.output.samples.data);
  });

  test.each(Object.keys(samplers) as (keyof typeof samplers)[])(
    "of one level adds the noise and takes no step, with %s",
    async (name) => {
      const { output, denoised } = await along([5], { sampler: samplers[name] });
      const plain = await along([5], { sampler: samplers[name], noise: "none" });
      expect(denoised).toBe(output);
      expect(difference(plain.output.samples, random([1, 4, 8, 8], 6))).toBeLessThan(1e-6);
      expect(difference(output.samples, plain.output.samples) * model.latent.scale).toBeGreaterThan(5);
    },
  );

  test("of no level leaves the latent", async () => {
    const latent = { samples: random([1, 4, 8, 8], 6), batch_index: [7] };
    expect(await along([], { latent })).toEqual({ output: latent, denoised: latent });
  });

  test("takes noise of the latent's shape only", async () => {
    await expect(along([5, 0], { noise: random([1, 4, 4, 4], 1) })).rejects.toThrow("the noise is [1,4,4,4]");
  });

  test("needs a negative text for a sampler that goes by it, and says which guider has one", async () => {
    const guider = { model, positive: text(5, 1), cfg: 1 };
    await expect(along([5, 0], { guider, sampler: samplers.euler_cfg_pp })).rejects.toThrow("CFGGuider");
    expect((await along([5, 0], { guider })).output.samples.dims).toEqual([1, 4, 8, 8]);
  });
});

describe("what doesn't fit is refused:", () => {
  test.each<[string, () => Partial<LatentRequest>, RegExp]>([
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
      "a model of another kind",
      () => ({ model: { ...model, takes: { ...model.takes, channels: 7 } } }),
      /takes 7 channels/,
    ],
  ])("%s", async (_, changes, message) => {
    await expect(sample(changes())).rejects.toThrow(message);
  });
});

test("an empty latent of any channels starts any model", async () => {
  expect((await sample({ latent: empty(1, 16, 8, 8) })).samples.data).toEqual((await sample()).samples.data);
});
