import type { Inference } from "@mezzotint/engine/onnx";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { unetShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { type Model, openCheckpoint, unetSession } from "../models/index.js";
import type { Condition, Conditioning } from "../sockets.js";
import type { Masked } from "./inpaint-input.js";
import { sigmaAtPercent, sigmaTable } from "./sigma-table.js";
import { type UnetDenoiserOptions, unetDenoiser } from "./unet-denoiser.js";

const { inference, path } = testHost();
let plain: Model;
let inpainting: Model;
beforeAll(async () => {
  const open = async (name: string, inputs: number) => {
    const plan = { channels: [32], depth: [1], layers: 1, context: 6, inputs };
    await writeWeights(path(name), randomWeights(unetShapes(plan)));
    return (await openCheckpoint(path(name), { unet: { heads: 4, groups: 16 } })).model!;
  };
  [plain, inpainting] = [await open("plain.safetensors", 4), await open("inpainting.safetensors", 9)];
});

const DIMS = [1, 4, 16, 24];
const SIGMA = 2;
const text = (seed: number, tokens = 5): Condition => ({ tokens: random([1, tokens, 6], seed) });
const latent = (dims: readonly number[] = DIMS) => random(dims, 7).data.map((value) => value * 3);
const tensor = (data: Float32Array | undefined, dims: readonly number[] = DIMS) => ({ dims, data: data! });

/** What is asked of the host, counted on its way there. */
function counted(host: Inference) {
  const counts = { runs: 0, uploads: 0, released: 0 };
  const counting: Inference = {
    ...host,
    run: (...given) => {
      counts.runs++;
      return host.run(...given);
    },
    upload: (given) => {
      counts.uploads++;
      return host.upload(given);
    },
    release: (handles) => {
      const all = [...handles];
      counts.released += all.length;
      host.release(all);
    },
  };
  return { counts, inference: counting };
}

interface Ask extends Partial<Omit<UnetDenoiserOptions, "model">> {
  readonly model?: Model;
  readonly sigma?: number;
  readonly masked?: Masked;
}
async function answers(conditionings: readonly Conditioning[], { model = plain, sigma = SIGMA, ...options }: Ask = {}) {
  const session = await unetSession(model, model === inpainting ? { masked: true } : {});
  const given = { model, session, inference: inference(), dims: DIMS, conditionings, ...options };
  const unet = unetDenoiser(given);
  try {
    return await unet.denoise(latent(given.dims), sigma);
  } finally {
    unet.release();
  }
}
const answer = async (conditioning: Conditioning, ask?: Ask) => (await answers([conditioning], ask))[0]!;

const ROUNDING = 1e-4;
const ones = { dims: [1, 16, 24], data: new Float32Array(384).fill(1) };
const left = { dims: [1, 16, 24], data: Float32Array.from({ length: 384 }, (_, i) => (i % 24 < 12 ? 1 : 0)) };
const right = { ...left, data: left.data.map((value) => 1 - value) };
const masked = (pixels: typeof ones, strength = 1, bounds = false) => ({ mask: { pixels, strength, bounds } });
const everywhere = { height: 16, width: 24, y: 0, x: 0 };

describe("one condition is as without", () => {
  test.each<[string, Partial<Condition>]>([
    ["a mask of ones", masked(ones)],
    ["a mask of ones and its bounds", masked(ones, 1, true)],
    ["an area that is all of the latent", { area: everywhere }],
    ["an area that reaches over it", { area: { ...everywhere, height: 99, width: 99 } }],
    ["a relative area that is all of it", { area: { height: 1, width: 1, y: 0, x: 0, relative: true } }],
    ["any strength", { strength: 3.5 }],
    ["a range of all steps", { range: { start: 0, end: 1 } }],
  ])("%s", async (_, placed) => {
    const [with_, without] = [await answer([{ ...text(1), ...placed }]), await answer([text(1)])];
    expect(difference(tensor(with_), tensor(without))).toBeLessThan(ROUNDING);
  });
});

test("the strength of all conditions together changes nothing, their ratio does", async () => {
  const strengths = (a: number, b: number) =>
    answer([
      { ...text(1), strength: a },
      { ...text(2), strength: b },
    ]);
  expect(difference(tensor(await strengths(1, 2)), tensor(await strengths(0.3, 0.6)))).toBeLessThan(ROUNDING);
  expect(difference(tensor(await strengths(1, 2)), tensor(await strengths(2, 1)))).toBeGreaterThan(0.05);
});

test("two masks that make up a whole give each its part", async () => {
  const parts = await answer([
    { ...text(1), ...masked(left) },
    { ...text(2), ...masked(right) },
  ]);
  const [one, two] = [await answer([text(1)]), await answer([text(2)])];
  for (const [i, value] of parts.entries()) expect(value).toBeCloseTo((i % 24 < 12 ? one : two)[i]!, 3);
});

test("outside of an area and its fading, the rest is as it was", async () => {
  const area = { height: 8, width: 12, y: 4, x: 12 };
  const [with_, without] = [await answer([text(1), { ...text(2), area }]), await answer([text(1)])];
  let inside = 0;
  for (const [i, value] of with_.entries()) {
    const [row, column] = [Math.floor(i / 24) % 16, i % 24];
    if (row >= 4 && row < 12 && column >= 12) inside = Math.max(inside, Math.abs(value - without[i]!));
    else expect(value).toBeCloseTo(without[i]!, 4);
  }
  expect(inside).toBeGreaterThan(0.05);
});

test("an area is answered as a latent of its own", async () => {
  const area = { height: 16, width: 12, y: 0, x: 12 };
  const part = Float32Array.from(latent()).filter((_, i) => i % 24 >= 12);
  const unet = unetDenoiser({
    model: plain,
    session: await unetSession(plain),
    inference: inference(),
    dims: [1, 4, 16, 12],
    conditionings: [[text(2)]],
  });
  const [alone] = await unet.denoise(part, SIGMA);
  unet.release();
  const whole = await answer([{ ...text(2), area }]);
  expect(difference(tensor(whole.filter((_, i) => i % 24 >= 12)), tensor(alone!))).toBeLessThan(ROUNDING);
  expect([...whole.filter((_, i) => i % 24 < 12)].every((value) => value === 0)).toBe(true);
});

test("each item of a batch has its own mask", async () => {
  const dims = [2, 4, 16, 24];
  const both = { dims: [2, 16, 24], data: Float32Array.of(...left.data, ...right.data) };
  const conditioning = (pixels: typeof ones) => [
    { ...text(1), ...masked({ ...pixels, data: pixels.data.map((value) => 1 - value) }) },
    { ...text(2), ...masked(pixels) },
  ];
  const batch = await answer(conditioning(both), { dims });
  const [first, second] = [await answer(conditioning(left), { dims }), await answer(conditioning(right), { dims })];
  const size = batch.length / 2;
  expect(difference(tensor(batch.slice(0, size)), tensor(first.slice(0, size)))).toBeLessThan(ROUNDING);
  expect(difference(tensor(batch.slice(size)), tensor(second.slice(size)))).toBeLessThan(ROUNDING);
});

describe("a range", () => {
  const sigmaAt = (percent: number) => sigmaAtPercent(sigmaTable(plain.prediction), percent);
  const halves: Conditioning = [
    { ...text(1), range: { start: 0, end: 0.5 } },
    { ...text(2), range: { start: 0.5, end: 1 } },
  ];

  test("decides which condition answers", async () => {
    for (const [percent, seed] of [
      [0.3, 1],
      [0.7, 2],
    ] as const) {
      const [one, alone] = await answers([halves, [text(seed)]], { sigma: sigmaAt(percent) });
      expect(difference(tensor(one), tensor(alone))).toBeLessThan(ROUNDING);
    }
  });

  test("holds at both its ends", async () => {
    const [both, mean] = await answers([halves, [text(1), text(2)]], { sigma: sigmaAt(0.5) });
    expect(difference(tensor(both), tensor(mean))).toBeLessThan(ROUNDING);
  });

  test("leaves nothing where none holds, and the network isn't run", async () => {
    const { counts, inference: host } = counted(inference());
    const conditioning = [{ ...text(1), range: { start: 0.6, end: 1 } }];
    expect(await answer(conditioning, { sigma: sigmaAt(0.2), inference: host })).toEqual(new Float32Array(1536));
    expect(counts).toEqual({ runs: 0, uploads: 1, released: 1 });
  });
});

describe("the network is run", () => {
  const runsFor = async (conditionings: readonly Conditioning[], ask: Ask = {}) => {
    const { counts, inference: host } = counted(inference());
    await answers(conditionings, { ...ask, inference: host });
    return counts.runs;
  };
  const corner = (y: number, x: number) => ({ area: { height: 8, width: 8, y, x } });

  test("once for both sides of a small latent, and once each for a large one", async () => {
    expect(await runsFor([[text(1)], [text(2)]])).toBe(1);
    expect(await runsFor([[text(1)], [text(2)]], { dims: [1, 4, 48, 48] })).toBe(2);
  });

  test("once for areas of one size wherever they are", async () => {
    const conditioning = [
      { ...text(1), ...corner(0, 0) },
      { ...text(2), ...corner(8, 8) },
    ];
    expect(await runsFor([conditioning])).toBe(1);
  });

  test("once more for each other size, length of text and range", async () => {
    expect(await runsFor([[text(1), { ...text(2), ...corner(0, 0) }]])).toBe(2);
    expect(await runsFor([[text(1), text(2, 7)]])).toBe(2);
    expect(await runsFor([[text(1), { ...text(2), range: { start: 0, end: 1 } }]])).toBe(2);
  });

  test("not for what weighs nothing", async () => {
    expect(await runsFor([[text(1), { ...text(2, 7), strength: 0 }]])).toBe(1);
  });
});

describe("a side that isn't asked", () => {
  test("adds nothing where it has no areas", async () => {
    expect(await answer([text(1)], { silent: [text(2)] })).toEqual(await answer([text(1)]));
  });

  test("has its areas set against all the same", async () => {
    const silent = [text(2), { ...text(3), area: { height: 8, width: 8, y: 4, x: 4 } }];
    const [asked] = await answers([[text(1)], silent]);
    expect(await answer([text(1)], { silent })).toEqual(asked);
  });
});

describe("an inpainting network", () => {
  const picture = (seed: number) => ({ inpaint: { latent: random(DIMS, seed), mask: left } });

  test("sees its condition's mask and picture", async () => {
    const [one, other, mask] = [
      await answer([{ ...text(1), ...picture(1) }], { model: inpainting }),
      await answer([{ ...text(1), ...picture(2) }], { model: inpainting }),
      await answer([{ ...text(1), inpaint: { ...picture(1).inpaint, mask: right } }], { model: inpainting }),
    ];
    expect(difference(tensor(one), tensor(other))).toBeGreaterThan(0.05);
    expect(difference(tensor(one), tensor(mask))).toBeGreaterThan(0.05);
  });

  test("falls back to the run's noise mask and latents", async () => {
    const { inpaint } = picture(1);
    const scaled = inpaint.latent.data.map((value) => value * inpainting.latent.scale);
    const mask = Float32Array.from({ length: 1536 }, (_, i) => left.data[i % 384]!);
    const fallen = await answer([text(1)], { model: inpainting, masked: { mask, latent: scaled } });
    const told = await answer([{ ...text(1), inpaint }], { model: inpainting });
    expect(difference(tensor(fallen), tensor(told))).toBeLessThan(ROUNDING);
  });

  test("is shown the area's part of it", async () => {
    const area = { height: 16, width: 12, y: 0, x: 12 };
    const [same, other] = [picture(1), picture(1)].map(({ inpaint }, i) => {
      // Another picture on the left only, out of the area's sight.
      const data = inpaint.latent.data.map((value, at) => (i === 1 && at % 24 < 12 ? -value : value));
      return { inpaint: { ...inpaint, latent: { dims: DIMS, data } } };
    });
    const seen = (told: typeof same) => answer([{ ...text(1), ...told, area }], { model: inpainting });
    expect(await seen(same)).toEqual(await seen(other));
  });

  test("that is told of another model's picture leaves nothing to be released", async () => {
    const { counts, inference: host } = counted(inference());
    const foreign = { inpaint: { latent: random([1, 16, 16, 24], 1), mask: left } };
    const conditioning = [
      { ...text(1), ...picture(1) },
      { ...text(2, 7), ...foreign },
    ];
    await expect(answer(conditioning, { model: inpainting, inference: host })).rejects.toThrow(
      /latent of \[1,16,16,24\]/,
    );
    expect(counts).toEqual({ runs: 0, uploads: 0, released: 0 });
  });

  test("is told all that once, not every step", async () => {
    const { counts, inference: host } = counted(inference());
    const unet = unetDenoiser({
      model: inpainting,
      session: await unetSession(inpainting, { masked: true }),
      inference: host,
      dims: DIMS,
      conditionings: [[{ ...text(1), ...picture(1) }], [{ ...text(2), ...picture(1) }]],
    });
    for (const sigma of [4, 3, 2]) await unet.denoise(latent(), sigma);
    unet.release();
    expect(counts).toEqual({ runs: 3, uploads: 2, released: 2 });
  });
});
