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

/** Below this sampler's last level above 0 there is nothing: it stops there. */
const STOPS_AT: Partial<Record<SamplerName, number>> = { uni_pc: 2 ** -10, uni_pc_bh2: 2 ** -10 };
/** These take the ends of a schedule, and levels of their own between them. */
const OWN_LEVELS: readonly SamplerName[] = ["dpm_fast", "dpm_adaptive"];

type Given = Pick<SampleProblem, "x" | "sigmas" | "denoise"> & Partial<SampleProblem>;

/** Runs a sampler on a model that says the same without the prompt, if nothing else is given. */
async function solved(name: SamplerName, given: Given) {
  const { x, sigmas, denoise } = given;
  const running = samplers[name].run({
    noise: (samplers[name].noise ?? normalNoise)({ size: x.length, seed: 5n, sigmas }),
    denoiseBoth: async (at, sigma) => {
      const denoised = await denoise(at, sigma);
      return { denoised, uncond: denoised };
    },
    sigmaAtPercent: (percent) => 20 * (1 - percent) ** 3,
    ...given,
  });
  const steps: SampleStep[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { steps, result: value };
    steps.push(value);
  }
}

describe.each([
  ["euler", 1],
  ["euler_cfg_pp", 1],
  ["heun", 2],
  ["heunpp2", 1],
  ["dpm_2", 2],
  ["lms", 3],
  ["dpm_fast", 3],
  ["dpmpp_2m", 2],
  ["dpmpp_2m_cfg_pp", 2],
  ["ipndm", 2],
  ["ipndm_v", 2],
  ["deis", 3],
  ["res_multistep", 2],
  ["res_multistep_cfg_pp", 2],
  ["gradient_estimation", 1],
  ["gradient_estimation_cfg_pp", 1],
  ["sa_solver", 3],
  ["sa_solver_pece", 3],
  ["ddim", 1],
  ["uni_pc", 2],
  ["uni_pc_bh2", 2],
] as const)("%s", (name, order) => {
  test(`converges with order ${order} on Gaussian data`, async () => {
    const { denoise, flow } = gaussian(0.4, 0.6);
    const error = async (steps: number) => {
      const sigmas = levels(10, 0.1, steps);
      const x = Float32Array.of(-8, 3, 12);
      // No level of this model is between its training steps, so that sa_solver follows the flow.
      const { result } = await solved(name, { x, sigmas, denoise, sigmaAtPercent: () => Number.POSITIVE_INFINITY });
      return Math.max(...x.map((value, i) => Math.abs(result[i]! - flow(value, 10, sigmas[steps]!))));
    };
    expect((await error(41)) / (await error(83))).toBeGreaterThan([1.8, 3.4, 6][order - 1]!);
  });
});

test("dpm_adaptive follows the flow as closely as it is meant to, however the schedule is cut", async () => {
  const { denoise, flow } = gaussian(0.4, 0.6);
  const x = Float32Array.of(-8, 3, 12);
  const runs = await Promise.all(
    [2, 40].map((steps) => solved("dpm_adaptive", { x, sigmas: levels(10, 0.1, steps), denoise })),
  );
  expect(runs[0]!.result).toEqual(runs[1]!.result);
  for (const [i, value] of x.entries()) {
    const wanted = flow(value, 10, levels(10, 0.1, 2)[2]!);
    expect(Math.abs(runs[0]!.result[i]! - wanted)).toBeLessThan(0.05 * Math.max(1, Math.abs(wanted)));
  }
});

test("dpm_adaptive tries a step again, shorter, where the model changes abruptly", async () => {
  const denoise = async (x: Float32Array, sigma: number) => x.map((value) => (sigma > 1 ? 0 : Math.sign(value) * 5));
  const { steps } = await solved("dpm_adaptive", {
    x: Float32Array.of(-8, 3, 12),
    sigmas: levels(10, 0.1, 2),
    denoise,
  });
  const starts = steps.map(({ sigma }) => sigma);
  expect(new Set(starts).size).toBeLessThan(starts.length);
  expect(starts).toEqual(starts.toSorted((a, b) => b - a));
});

test("dpm_adaptive gives up on a model that answers nonsense, where no step would be short enough", async () => {
  const denoise = async (x: Float32Array) => x.map(() => Number.NaN);
  const given = { x: Float32Array.of(-8, 3, 12), sigmas: levels(10, 0.1, 2), denoise };
  await expect(solved("dpm_adaptive", given)).rejects.toThrow("noise level 10 is not a number");
});

describe.each([
  "euler_ancestral",
  "euler_ancestral_cfg_pp",
  "dpm_2_ancestral",
  "dpmpp_2s_ancestral",
  "dpmpp_sde",
  "dpmpp_2m_sde",
  "dpmpp_2m_sde_heun",
  "dpmpp_3m_sde",
  "ddpm",
  "res_multistep_ancestral",
  "res_multistep_ancestral_cfg_pp",
  "er_sde",
  "seeds_2",
  "seeds_3",
  "sa_solver",
  "sa_solver_pece",
] as const)("%s", (name) => {
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

describe.each([
  ["euler_cfg_pp", "euler"],
  ["euler_ancestral_cfg_pp", "euler_ancestral"],
  ["dpmpp_2m_cfg_pp", "dpmpp_2m"],
  ["res_multistep_cfg_pp", "res_multistep"],
  ["res_multistep_ancestral_cfg_pp", "res_multistep_ancestral"],
  ["gradient_estimation_cfg_pp", "gradient_estimation"],
] as const)("%s", (name, plain) => {
  const { denoise } = gaussian(0.4, 0.6);
  const given = { x: Float32Array.of(-8, 3, 12), sigmas: levels(10, 0.1, 7), denoise };

  test(`is ${plain} where the prompt changes nothing`, async () => {
    const [one, other] = [await solved(name, given), await solved(plain, given)];
    for (const [i, value] of other.result.entries()) expect(one.result[i]).toBeCloseTo(value, 5);
  });

  test("heeds what the model says without the prompt", async () => {
    const denoiseBoth: SampleProblem["denoiseBoth"] = async (x, sigma) => ({
      denoised: await denoise(x, sigma),
      uncond: new Float32Array(x.length),
    });
    expect((await solved(name, { ...given, denoiseBoth })).result).not.toEqual((await solved(name, given)).result);
  });
});

test("euler_cfg_pp puts the guided picture under the noise that was seen without the prompt", async () => {
  const both = { denoised: Float32Array.of(2), uncond: Float32Array.of(1) };
  const { result } = await solved("euler_cfg_pp", {
    x: Float32Array.of(9),
    sigmas: Float32Array.of(4, 1),
    denoise: async () => both.denoised,
    denoiseBoth: async () => both,
  });
  expect([...result]).toEqual([2 + (9 - 1) / 4]);
});

test("only samplers that say so ask for the answer without the prompt", async () => {
  for (const name of names) {
    let asked = false;
    const denoise = async (x: Float32Array) => x.map((value) => value / 2);
    await solved(name, {
      x: Float32Array.of(1, 2),
      sigmas: Float32Array.of(4, 2, 1, 0),
      denoise,
      denoiseBoth: async (x) => {
        asked = true;
        return { denoised: await denoise(x), uncond: await denoise(x) };
      },
    });
    expect([name, asked]).toEqual([name, samplers[name].needsUncond === true]);
  }
});

test("sa_solver adds noise between a fifth and four fifths of the model's training, and only there", async () => {
  const asked: [number, number][] = [];
  const noise: SampleProblem["noise"] = (sigma, next) => {
    asked.push([sigma, next]);
    return new Float32Array(1);
  };
  const sigmas = Float32Array.of(16, 8, 4, 2, 1, 0);
  const { denoise } = gaussian(0, 1);
  const sigmaAtPercent = (percent: number) => (percent < 0.5 ? 5 : 1.5);
  await solved("sa_solver", { x: Float32Array.of(9), sigmas, denoise, noise, sigmaAtPercent });
  expect(asked).toEqual([
    [8, 4],
    [4, 2],
  ]);
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
    const left = (OWN_LEVELS.includes(name) ? 0.5 : (STOPS_AT[name] ?? 0)) / 10;
    for (const [i, value] of picture.entries()) expect(result[i]).toBeCloseTo(value + left * (x[i]! - value), 4);
  });

  test.skipIf(OWN_LEVELS.includes(name))("shows each level once", async () => {
    const { steps } = await solved(name, { x, sigmas, denoise: gaussian(0, 1).denoise });
    expect(steps.map(({ index, sigma }) => [index, sigma])).toEqual([
      [0, 10],
      [1, 5],
      [2, 2],
      [3, 0.5],
    ]);
  });

  test("leaves what it was given as it was", async () => {
    const answers: { answer: Float32Array; copy: Float32Array }[] = [];
    const drawn: Float32Array[] = [];
    const kept = (answer: Float32Array) => {
      answers.push({ answer, copy: answer.slice() });
      return answer;
    };
    const [before, schedule] = [x.slice(), sigmas.slice()];
    const { steps } = await solved(name, {
      x,
      sigmas,
      denoise: async (at, sigma) => kept(await gaussian(0, 1).denoise(at, sigma)),
      noise: () => {
        drawn.push(kept(torchGenerator(BigInt(drawn.length)).randn(64)));
        return drawn.at(-1)!;
      },
    });
    expect(steps[0]!.x).toEqual(before);
    expect(x).toEqual(before);
    expect(sigmas).toEqual(schedule);
    for (const { answer, copy } of answers) expect(answer).toEqual(copy);
  });

  test("draws noise on the way down only, never below the last level above 0", async () => {
    const asked: [number, number][] = [];
    const noise = (sigma: number, next: number) => {
      asked.push([sigma, next]);
      return new Float32Array(64);
    };
    await solved(name, { x, sigmas, denoise: gaussian(0, 1).denoise, noise });
    for (const [i, [sigma, next]] of asked.entries()) {
      expect(next).toBeLessThan(sigma);
      expect(next).toBeGreaterThanOrEqual(0.5);
      expect(sigma).toBeLessThanOrEqual(asked[i - 1]?.[0] ?? 10);
    }
  });

  test("takes a schedule that stops above 0, and a single step", async () => {
    const { denoise } = gaussian(0, 1);
    for (const short of [Float32Array.of(10, 5, 2), Float32Array.of(10, 0)]) {
      const { result } = await solved(name, { x, sigmas: short, denoise });
      expect(result.every(Number.isFinite)).toBe(true);
      expect(result).toHaveLength(64);
    }
  });

  test("without any step gives back what it was given", async () => {
    const { steps, result } = await solved(name, { x, sigmas: Float32Array.of(3), denoise: gaussian(0, 1).denoise });
    expect(steps).toEqual([]);
    expect(result).toEqual(x);
  });
});
