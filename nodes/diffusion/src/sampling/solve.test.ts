import { describe, expect, test } from "vitest";
import { guide, needsNegative } from "./guidance.js";
import { expandMask } from "./inpaint.js";
import { type SamplerName, samplers } from "./samplers/index.js";
import type { SampleStep } from "./samplers/sampler.js";
import { type Run, solve } from "./solve.js";
import { torchGenerator } from "./torch-generator.js";

const SIZE = 48;
const noise = torchGenerator(1n).randn(SIZE);
const latent = torchGenerator(2n).randn(SIZE);
const schedule = { sigmas: Float32Array.of(8, 3, 1, 0), noise: 8, end: 1 };
const known: Run["denoise"] = async (x, sigma) => x.map((value) => (value + sigma ** 2) / (1 + sigma ** 2));
const base: Run = {
  sampler: samplers.euler,
  schedule,
  denoise: known,
  denoiseBoth: async (x, sigma) => ({ denoised: await known(x, sigma), uncond: x.map((value) => value / (1 + sigma)) }),
  sigmaAtPercent: (percent) => 20 * (1 - percent) ** 2,
  latent,
  noise,
  seed: 11n,
};

async function run(changes: Partial<Run> = {}) {
  const steps: SampleStep[] = [];
  const running = solve({ ...base, ...changes });
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { steps, result: value };
    steps.push(value);
  }
}

test("noise joins the latent at the schedule's strength", async () => {
  const { steps } = await run();
  for (const [i, value] of steps[0]!.x.entries()) expect(value).toBeCloseTo(latent[i]! + 8 * noise[i]!, 4);
});

test("the result is scaled as the schedule ends", async () => {
  const [plain, halved] = [await run(), await run({ schedule: { ...schedule, end: 0.5 } })];
  expect(halved.result).toEqual(plain.result.map((value) => value / 2));
});

test("a schedule without levels leaves the latent", async () => {
  expect((await run({ schedule: { ...schedule, sigmas: new Float32Array() } })).result).toEqual(latent);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])("a level of %f is refused", async (level) => {
  const sigmas = Float32Array.of(8, level, 0);
  await expect(run({ schedule: { ...schedule, sigmas } })).rejects.toThrow("noise level 2 of 3");
});

test("a sampler that asks what the model says without the prompt is told that the run cannot answer", async () => {
  const { denoiseBoth, ...without } = base;
  const running = solve({ ...without, sampler: samplers.euler_cfg_pp });
  await expect(running.next()).rejects.toThrow("without the prompt");
  await expect(solve(without).next()).resolves.toMatchObject({ done: false });
});

describe("fresh noise", () => {
  /** The first draw of a run, from where lcm stood after it: at the level 3, above what the model had said. */
  const firstDraw = async (compat?: string) => {
    const { steps } = await run({ sampler: samplers.lcm, ...(compat && { compat }) });
    return steps[1]!.x.map((value, i) => (value - steps[0]!.denoised[i]!) / 3);
  };

  test("starts from the next seed", async () => {
    const want = torchGenerator(12n).randn(SIZE);
    for (const [i, value] of (await firstDraw()).entries()) expect(value).toBeCloseTo(want[i]!, 4);
  });

  test("started from the seed itself in ComfyUI 0.3.64", async () => {
    const want = torchGenerator(11n).randn(SIZE);
    for (const [i, value] of (await firstDraw("0.3.64")).entries()) expect(value).toBeCloseTo(want[i]!, 4);
  });

  test.each(Object.keys(samplers) as SamplerName[])("of %s is the seed's", async (name) => {
    const sampler = samplers[name];
    expect((await run({ sampler })).result).toEqual((await run({ sampler })).result);
    const other = (await run({ sampler, seed: 13n })).result;
    const drawsNoise = /ancestral|sde|seeds|sa_solver|lcm|ddpm/.test(name);
    if (drawsNoise) expect(other).not.toEqual((await run({ sampler })).result);
    else expect(other).toEqual((await run({ sampler })).result);
  });
});

describe("a mask", () => {
  const mask = Float32Array.from({ length: SIZE }, (_, i) => (i % 3 === 0 ? 0 : 1));

  /** Where samplers stop that do not reach 0. */
  const STOPS_AT: Partial<Record<SamplerName, number>> = {
    dpm_fast: 1,
    dpm_adaptive: 1,
    uni_pc: 2 ** -10,
    uni_pc_bh2: 2 ** -10,
  };

  test.each(Object.keys(samplers) as SamplerName[])("keeps its part under %s, and only that", async (name) => {
    const { result } = await run({ sampler: samplers[name], mask });
    const free = await run({ sampler: samplers[name] });
    for (const [i, value] of result.entries()) {
      if (mask[i] === 0) expect(value).toBeCloseTo(latent[i]! + (STOPS_AT[name] ?? 0) * noise[i]!, 4);
      // How long the steps of this one are depends on every element.
      else if (name !== "dpm_adaptive") expect(value).toBeCloseTo(free.result[i]!, 4);
      else expect(value).not.toBeCloseTo(latent[i]! + noise[i]!, 4);
    }
  });

  test("shows the model the kept part under its own noise", async () => {
    const seen: { x: Float32Array; sigma: number }[] = [];
    const denoise: Run["denoise"] = async (x, sigma) => {
      seen.push({ x, sigma });
      return x.map(() => 0);
    };
    await run({ denoise, mask: new Float32Array(SIZE) });
    for (const { x, sigma } of seen) {
      for (const [i, value] of x.entries()) expect(value).toBeCloseTo(latent[i]! + sigma * noise[i]!, 4);
    }
  });

  test("is resized to the latent, for every channel and item", () => {
    const half = { dims: [1, 4, 8], data: Float32Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? 0 : 1)) };
    const expanded = expandMask(half, [2, 3, 2, 4]);
    expect(expanded).toHaveLength(48);
    for (let row = 0; row < 12; row++) expect([...expanded.subarray(row * 4, row * 4 + 4)]).toEqual([0, 0, 1, 1]);
  });
});

describe("guidance", () => {
  const [positive, negative] = [Float32Array.of(1, 2), Float32Array.of(3, -1)];

  test("goes from the negative answer through the positive one", () => {
    expect([...guide(0, positive, negative)]).toEqual([3, -1]);
    expect([...guide(1, positive, negative)]).toEqual([1, 2]);
    expect([...guide(3, positive, negative)]).toEqual([-3, 8]);
  });

  test("needs no negative answer at a scale of one", () => {
    expect([0, 0.99, 1, 7.5].map(needsNegative)).toEqual([true, true, false, true]);
  });
});
