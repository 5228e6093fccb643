import { describe, expect, test } from "vitest";
import { torchGenerator } from "../torch-generator.js";
import { normalNoise, type SampleProblem, type SamplerName, type SampleStep, samplers } from "./index.js";

const names = Object.keys(samplers) as SamplerName[];
const levels = (from: number, to: number, steps: number) =>
  Float32Array.from({ length: steps + 1 }, (_, i) => from * (to / from) ** (i / steps));

/** Gaussian data N(mean, deviation²): the best denoiser and the flow to any level have closed forms. */
const gaussian = (mean: number, deviation: number) => ({
  denoise: async (x: Float32Array, sigma: number) =>
    x.map((value) => (deviation ** 2 * value + sigma ** 2 * mean) / (deviation ** 2 + sigma ** 2)),
  flow: (x: number, from: number, to: number) =>
    mean + (x - mean) * Math.sqrt((deviation ** 2 + to ** 2) / (deviation ** 2 + from ** 2)),
});

async function solved(
  name: SamplerName,
  problem: Pick<SampleProblem, "x" | "sigmas" | "denoise"> & Partial<SampleProblem>,
) {
  const { x, sigmas } = problem;
  const noise = (samplers[name].noise ?? normalNoise)({ size: x.length, seed: 5n, sigmas });
  const running = samplers[name].run({ noise, ...problem });
  const steps: SampleStep[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { steps, result: value };
    steps.push(value);
  }
}

describe.each([
  ["euler", 1],
  ["ddim", 1],
  ["heun", 2],
  ["dpmpp_2m", 2],
] as const)("%s", (name, order) => {
  test(`converges with order ${order} on Gaussian data`, async () => {
    const { denoise, flow } = gaussian(0.4, 0.6);
    const error = async (steps: number) => {
      const sigmas = levels(10, 0.1, steps);
      const { result } = await solved(name, { x: Float32Array.of(-8, 3, 12), sigmas, denoise });
      return Math.max(...[-8, 3, 12].map((x, i) => Math.abs(result[i]! - flow(x, 10, sigmas[steps]!))));
    };
    const ratio = (await error(20)) / (await error(40));
    expect(ratio).toBeGreaterThan(order === 1 ? 1.8 : 3.4);
  });
});

describe.each(["euler_ancestral", "dpmpp_2m_sde"] as const)("%s", (name) => {
  test("ends with data's distribution, whatever the noise", async () => {
    const count = 4000;
    const { denoise } = gaussian(0.4, 0.6);
    const x = torchGenerator(7n)
      .randn(count)
      .map((value) => 0.4 + value * Math.hypot(0.6, 10));
    const { result } = await solved(name, { x, sigmas: levels(10, 0.1, 60), denoise });
    const mean = result.reduce((sum, value) => sum + value, 0) / count;
    const variance = result.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(mean).toBeCloseTo(0.4, 1);
    expect(variance / (0.6 ** 2 + 0.1 ** 2)).toBeGreaterThan(0.9);
    expect(variance / (0.6 ** 2 + 0.1 ** 2)).toBeLessThan(1.1);
  });
});

test("lcm stands at each level where a model that knows the picture would have put it", async () => {
  const [sigmas, ones] = [Float32Array.of(4, 2, 1), new Float32Array(4).fill(1)];
  const { steps, result } = await solved("lcm", {
    x: new Float32Array(4),
    sigmas,
    denoise: async () => ones,
    noise: () => ones,
  });
  expect([...steps[1]!.x]).toEqual([3, 3, 3, 3]);
  expect([...result]).toEqual([2, 2, 2, 2]);
});

describe.each(names)("%s", (name) => {
  const sigmas = Float32Array.of(10, 5, 2, 0.5, 0);
  const x = torchGenerator(8n)
    .randn(64)
    .map((value) => value * 10);

  test("finds the picture that a model knows for certain", async () => {
    const picture = torchGenerator(9n).randn(64);
    const { result } = await solved(name, { x, sigmas, denoise: async () => picture });
    for (const [i, value] of picture.entries()) expect(result[i]).toBeCloseTo(value, 5);
  });

  test("shows each level once, and leaves what it was given as it was", async () => {
    const before = x.slice();
    const { denoise } = gaussian(0, 1);
    const { steps } = await solved(name, { x, sigmas, denoise });
    expect(steps.map(({ index, sigma }) => [index, sigma])).toEqual([
      [0, 10],
      [1, 5],
      [2, 2],
      [3, 0.5],
    ]);
    expect(steps[0]!.x).toEqual(before);
    expect(x).toEqual(before);
  });

  test("draws noise only for steps between two levels, once each", async () => {
    const asked: number[] = [];
    const noise = (sigma: number) => {
      asked.push(sigma);
      return new Float32Array(64);
    };
    const { denoise } = gaussian(0, 1);
    await solved(name, { x, sigmas, denoise, noise });
    expect([[], [10, 5, 2]]).toContainEqual(asked);
  });

  test("without any step gives back what it was given", async () => {
    const { steps, result } = await solved(name, { x, sigmas: Float32Array.of(3), denoise: gaussian(0, 1).denoise });
    expect(steps).toEqual([]);
    expect(result).toEqual(x);
  });
});
