import type { Feeds } from "@mezzotint/engine/onnx";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { type UnetPlan, unetShapes } from "../../test/network-shapes.js";
import { originalUnet } from "../../test/original-names.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { openCheckpoint } from "./checkpoint.js";
import type { Model } from "./descriptions.js";
import { unetSession, unreadKeys } from "./sessions.js";
import type { UnetSlots } from "./slots.js";

const { path, run } = testHost();
const plan: UnetPlan = { channels: [32, 64], depth: [2, 0], layers: 2, context: 12 };
const weights = randomWeights(unetShapes(plan));
const overrides = { unet: { heads: 4, groups: 16 } };
const inputs = { sample: random([2, 4, 7, 9], 1), timestep: random([2], 2), context: random([2, 5, 12], 3) };

async function open(name: string, tensors: Iterable<readonly [string, Values]>): Promise<Model> {
  await writeWeights(path(name), tensors);
  const { model } = await openCheckpoint(path(name), overrides);
  return model as Model;
}
let model: Model;
beforeAll(async () => {
  model = await open("unet.safetensors", weights);
});
const predict = async (of: Model, feeds: Feeds = {}, slots: UnetSlots = {}) =>
  (await run(unetSession(of, slots), { ...inputs, ...feeds })).prediction!;

test("weights that change after they were described are not taken for what they were", async () => {
  const { model } = await unetSession(await open("replaced.safetensors", weights));
  await writeWeights(path("replaced.safetensors"), randomWeights(unetShapes(plan), 2));
  await expect(model()).rejects.toThrow(/replaced\.safetensors changed/);
});

test("a picture of odd sizes keeps its size", async () => {
  expect((await predict(model)).dims).toEqual([2, 4, 7, 9]);
});

test("items of a batch don't see each other", async () => {
  const both = await predict(model);
  const [first, second] = [0, 1].map((i) => ({
    sample: { dims: [1, 4, 7, 9], data: inputs.sample.data.slice(i * 252, (i + 1) * 252) },
    timestep: { dims: [1], data: inputs.timestep.data.slice(i, i + 1) },
    context: { dims: [1, 5, 12], data: inputs.context.data.slice(i * 60, (i + 1) * 60) },
  }));
  const alone = [await predict(model, first), await predict(model, second)];
  const joined = { dims: [2, 4, 7, 9], data: Float32Array.from(alone.flatMap(({ data }) => [...data])) };
  expect(difference(both, joined)).toBeLessThan(1e-5);
});

test.each(["sample", "timestep", "context"] as const)("%s matters", async (name) => {
  const other = random(inputs[name].dims, 99);
  const changed = name === "timestep" ? { dims: other.dims, data: other.data.map((t) => 500 + 400 * t) } : other;
  expect(difference(await predict(model), await predict(model, { [name]: changed }))).toBeGreaterThan(1e-3);
});

test("the original layout, inside a checkpoint with junk, gives the same picture and leaves no key unread", async () => {
  const original = originalUnet(plan);
  const prefixed = [...weights].map(([key, values]) => [`model.diffusion_model.${original(key)}`, values] as const);
  const file = path("original.safetensors");
  const extra = { shape: [1], data: Float32Array.of(1) };
  await writeWeights(file, [...prefixed, ["betas", extra], ["mystery", extra]]);
  const checkpoint = await openCheckpoint(file, overrides);
  expect(checkpoint).toMatchObject({ ignored: ["betas"], unknown: ["mystery"] });
  expect(await unreadKeys(checkpoint)).toEqual([]);
  expect(difference(await predict(checkpoint.model!), await predict(model))).toBe(0);
});

describe("ControlNet residuals", () => {
  const slots = { control: true };
  const zero = { dims: [1, 1, 1, 1], data: new Float32Array(1) };
  const names = async () =>
    (await unetSession(model, slots)).inputs.map(({ name }) => name).filter((name) => name.startsWith("control."));

  test("there is one for each skip and one for the middle", async () => {
    expect((await names()).sort()).toEqual(["0", "1", "2", "3", "4", "5", "mid"].map((name) => `control.${name}`));
  });

  test("a zero changes nothing, another value does", async () => {
    const none = Object.fromEntries((await names()).map((name) => [name, zero]));
    const plain = await predict(model);
    expect(difference(await predict(model, none, slots), plain)).toBe(0);
    for (const name of await names()) {
      const one = { ...none, [name]: { dims: [1, 1, 1, 1], data: Float32Array.of(0.5) } };
      expect(difference(await predict(model, one, slots), plain), name).toBeGreaterThan(1e-4);
    }
  });

  test("the middle's is added to what the middle gives", async () => {
    // Shifting the bias of the middle's last convolution is the same thing.
    const key = "mid_block.resnets.1.conv2.bias";
    const residual = random([64], 7);
    const bias = weights.get(key)!.data.map((b, i) => b + residual.data[i]!);
    const shifted = await open("shifted.safetensors", new Map(weights).set(key, { shape: [64], data: bias }));
    const feeds = Object.fromEntries((await names()).map((name) => [name, zero]));
    const mid = { dims: [1, 64, 1, 1], data: residual.data };
    const given = await predict(model, { ...feeds, "control.mid": mid }, slots);
    expect(difference(given, await predict(shifted))).toBeLessThan(1e-5);
  });
});

describe("LoRA factors", () => {
  const slots = { lora: true };
  const layers = async () =>
    (await unetSession(model, slots)).inputs.flatMap(({ name }) => /^lora\.(.+)\.down$/.exec(name)?.[1] ?? []);
  /** Factors of a rank for every slot, empty for rank 0. */
  const factors = async (rank: number): Promise<Record<string, ReturnType<typeof random>>> => {
    const feeds: Record<string, ReturnType<typeof random>> = {};
    for (const [i, layer] of (await layers()).entries()) {
      const [out = 0, input = 0] = weights.get(`${layer}.weight`)!.shape;
      feeds[`lora.${layer}.down`] = random([input, rank], 100 + i);
      feeds[`lora.${layer}.up`] = random([rank, out], 500 + i);
    }
    return feeds;
  };

  test("there are two for every linear layer of every transformer", async () => {
    // 2 resnets down and 3 up, each with 2 blocks of 10 layers and 2 projections; the same once in the middle.
    expect(await layers()).toHaveLength(5 * (2 * 10 + 2) + 12);
  });

  test("rank 0 changes nothing", async () => {
    expect(difference(await predict(model, await factors(0), slots), await predict(model))).toBe(0);
  });

  test("any rank gives what the patched weights give", async () => {
    for (const rank of [1, 3]) {
      const feeds = await factors(rank);
      const patched = new Map(weights);
      for (const layer of await layers()) {
        const { shape, data } = weights.get(`${layer}.weight`)!;
        const [out = 0, input = 0] = shape;
        const down = feeds[`lora.${layer}.down`]!.data;
        const up = feeds[`lora.${layer}.up`]!.data;
        for (const factor of [down, up]) for (const [i, x] of factor.entries()) factor[i] = 0.1 * x;
        const merged = data.slice();
        for (let o = 0; o < out; o++)
          for (let i = 0; i < input; i++)
            for (let r = 0; r < rank; r++) merged[o * input + i]! += up[r * out + o]! * down[i * rank + r]!;
        patched.set(`${layer}.weight`, { shape, data: merged });
      }
      const given = await predict(model, feeds, slots);
      expect(difference(given, await predict(await open(`rank${rank}.safetensors`, patched)))).toBeLessThan(2e-5);
      expect(difference(given, await predict(model))).toBeGreaterThan(1e-3);
    }
  });
});

test("IP-Adapter's keys and values: a token of value zero changes nothing, another one does", async () => {
  const slots = { image: true };
  const ports = (await unetSession(model, slots)).inputs.filter(({ name }) => name.startsWith("image."));
  expect(ports).toHaveLength(2 * (5 * 2 + 1));
  const tokens = (value: number) =>
    Object.fromEntries(
      ports.map(({ name, dims }, i) => {
        const { data, dims: shape } = random([2, 1, Number(dims?.[2])], i);
        return [name, { dims: shape, data: name.endsWith(".v") ? data.map((x) => x * value) : data }];
      }),
    );
  const plain = await predict(model);
  expect(difference(await predict(model, tokens(0), slots), plain)).toBeLessThan(1e-6);
  expect(difference(await predict(model, tokens(1), slots), plain)).toBeGreaterThan(1e-3);
});
