import { type NodeType, type Preview, provide, type RunContext, services, type Tensor } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, describe, expect, test } from "vitest";
import { random, testHost } from "../../test/host.js";
import { unetShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { type Model, openCheckpoint } from "../models/index.js";
import { SAMPLING_OPTIONS, type SamplerName, samplers } from "../sampling/index.js";
import type { Guider, Latent, NamedSampler, Noise } from "../sockets.js";
import { disableNoise, kSamplerSelect, randomNoise, samplerCustom, samplerCustomAdvanced } from "./custom-sampling.js";
import { basicGuider, cfgGuider } from "./guiders.js";
import { kSampler, kSamplerAdvanced } from "./sampling.js";
import { basicScheduler } from "./sigmas.js";

const { inference, path } = testHost();
let model: Model;
let ctx: RunContext;
beforeAll(async () => {
  const shapes = unetShapes({ channels: [32], depth: [1], layers: 1, context: 6 });
  await writeWeights(path("unet.safetensors"), randomWeights(shapes));
  model = (await openCheckpoint(path("unet.safetensors"), { unet: { heads: 4, groups: 16 } })).model!;
  ctx = {
    node: "1",
    signal: new AbortController().signal,
    progress: () => undefined,
    show: () => undefined,
    expand: () => Promise.reject(new Error("no node here expands")),
    use: services([
      provide(FOLDERS, openFolders({ data: path() })),
      provide(INFERENCE, inference()),
      provide(SAMPLING_OPTIONS, {}),
    ]),
  };
});

const text = (seed: number) => [{ tokens: random([1, 5, 6], seed) }];
const texts = { positive: text(1), negative: text(2) };
const mask: Tensor = { dims: [1, 8, 8], data: Float32Array.from({ length: 64 }, (_, i) => (i < 24 ? 1 : 0)) };
const latent: Latent = { samples: random([1, 4, 8, 8], 5) };
const seed = 2n ** 63n + 5n;

async function outputs<T>(node: NodeType, inputs: Record<string, unknown>, context = ctx): Promise<T> {
  return (await node.run(inputs, context)) as T;
}
const sigmasOf = async (steps: number, denoise = 1) =>
  (await outputs<{ SIGMAS: Tensor }>(basicScheduler, { model, scheduler: "normal", steps, denoise })).SIGMAS;
const samplerOf = async (sampler_name: string) =>
  (await outputs<{ SAMPLER: NamedSampler }>(kSamplerSelect, { sampler_name })).SAMPLER;
const guided = async () => (await outputs<{ GUIDER: Guider }>(cfgGuider, { model, ...texts, cfg: 4 })).GUIDER;
const noiseOf = async (noise_seed: bigint) => (await outputs<{ NOISE: Noise }>(randomNoise, { noise_seed })).NOISE;
const noNoise = async () => (await outputs<{ NOISE: Noise }>(disableNoise, {})).NOISE;

/** What a KSampler makes of the latent. */
const made = async (changes: Record<string, unknown>, context = ctx): Promise<Latent> => {
  const inputs = { model, seed, steps: 4, cfg: 4, sampler_name: "euler", scheduler: "normal", ...texts, denoise: 1 };
  return (await outputs<{ LATENT: Latent }>(kSampler, { ...inputs, latent_image: latent, ...changes }, context)).LATENT;
};
/** What a part of a KSamplerAdvanced's steps makes of it. */
const madeIn = async (changes: Record<string, unknown>): Promise<Latent> => {
  const inputs = { model, add_noise: "enable", noise_seed: seed, steps: 4, cfg: 4, scheduler: "normal", ...texts };
  const all = { start_at_step: 0, end_at_step: 10_000, return_with_leftover_noise: "disable" };
  const asked = { ...inputs, ...all, sampler_name: "euler", latent_image: latent, ...changes };
  return (await outputs<{ LATENT: Latent }>(kSamplerAdvanced, asked)).LATENT;
};

describe.each(Object.keys(samplers).filter((name) => !name.endsWith("_gpu")) as SamplerName[])("%s", (sampler_name) => {
  // Their schedules for KSampler leave a level out, which a scheduler node cannot know.
  const levels = async () =>
    samplers[sampler_name].discardPenultimate
      ? await sigmasOf(5).then(({ data }) => ({ dims: [5], data: Float32Array.of(...data.slice(0, 4), 0) }))
      : await sigmasOf(4);

  test("makes bit for bit the same in every sampler node", async () => {
    const latent_image = { ...latent, noise_mask: mask };
    const [want, advanced] = [await made({ sampler_name, latent_image }), await madeIn({ sampler_name, latent_image })];
    const shared = { sampler: await samplerOf(sampler_name), sigmas: await levels(), latent_image };
    type Both = { output: Latent; denoised_output: Latent };
    const custom = await outputs<Both>(samplerCustom, {
      model,
      add_noise: true,
      noise_seed: seed,
      cfg: 4,
      ...texts,
      ...shared,
    });
    const byGuider = await outputs<Both>(samplerCustomAdvanced, {
      noise: await noiseOf(seed),
      guider: await guided(),
      ...shared,
    });
    expect(advanced).toEqual(want);
    expect(custom.output).toEqual(want);
    expect(byGuider).toEqual(custom);
    expect(custom.denoised_output.noise_mask).toBe(mask);
  });
});

test("KSamplerAdvanced in two parts makes what KSampler makes in one", async () => {
  const first = await madeIn({ end_at_step: 2, return_with_leftover_noise: "enable" });
  const second = await madeIn({ start_at_step: 2, add_noise: "disable", noise_seed: 9n, latent_image: first });
  const want = await made({});
  for (const [i, value] of second.samples.data.entries()) expect(value).toBeCloseTo(want.samples.data[i]!, 3);
});

test("without noise the seed still decides what an ancestral sampler adds", async () => {
  const run = (noise_seed: bigint, sampler_name: string) => madeIn({ add_noise: "disable", noise_seed, sampler_name });
  expect(await run(1n, "euler")).toEqual(await run(2n, "euler"));
  expect(await run(1n, "euler_ancestral")).not.toEqual(await run(2n, "euler_ancestral"));
});

test("DisableNoise has the seed 0", async () => {
  const shared = { sampler: await samplerOf("euler_ancestral"), sigmas: await sigmasOf(4), latent_image: latent };
  const asked = { model, add_noise: false, noise_seed: 0n, cfg: 4, ...texts };
  expect(await outputs(samplerCustomAdvanced, { noise: await noNoise(), guider: await guided(), ...shared })).toEqual(
    await outputs(samplerCustom, { ...asked, ...shared }),
  );
});

test("BasicGuider is guidance of strength 1, and needs no negative text", async () => {
  const { GUIDER: guider } = await outputs<{ GUIDER: Guider }>(basicGuider, { model, conditioning: text(1) });
  const shared = { sampler: await samplerOf("dpmpp_2m"), sigmas: await sigmasOf(4), latent_image: latent };
  const { output } = await outputs<{ output: Latent }>(samplerCustomAdvanced, {
    noise: await noiseOf(seed),
    guider,
    ...shared,
  });
  expect(output).toEqual(await made({ sampler_name: "dpmpp_2m", cfg: 1 }));
});

test.each([
  ["a table of levels", [2, 2]],
  ["fewer levels than it says", [9]],
])("%s is refused", async (_, dims) => {
  const sigmas = { dims, data: Float32Array.of(3, 2, 1, 0) };
  const asked = {
    noise: await noNoise(),
    guider: await guided(),
    sampler: await samplerOf("euler"),
    latent_image: latent,
  };
  await expect(outputs(samplerCustomAdvanced, { ...asked, sigmas })).rejects.toThrow(
    "noise levels are float32 [steps + 1]",
  );
});

test("whoever watches sees pictures, and the result is the same", async () => {
  const shown: Preview[] = [];
  const steps: number[] = [];
  const watched = await made(
    { steps: 3 },
    { ...ctx, preview: (image) => void shown.push(image), progress: (done) => void steps.push(done) },
  );
  expect(shown.length).toBeGreaterThan(0);
  expect([...shown[0]!.bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  expect(steps).toEqual([1, 2, 3]);
  expect(watched).toEqual(await made({ steps: 3 }));
});
