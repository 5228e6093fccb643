import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elements } from "../tensor.js";
import { encode } from "./encode.js";
import { Graph, type GraphOptions, type Value } from "./graph.js";
import * as layers from "./layers.js";
import { readHeader } from "./safetensors.js";
import { rowsOf, Weights } from "./weights.js";
import { type StoredTensor, writeSafetensors } from "./write-safetensors.js";

/** Reproducible numbers in (-1, 1). */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const tensor = (dims: readonly number[], seed: number) => ({ dims, data: numbers(elements(dims), seed) });
type Plain = ReturnType<typeof tensor>;

/** bfloat16 keeps the upper half of a float32. */
const bf16 = (values: Float32Array) => Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
const fromBf16 = (bits: Uint16Array) => new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);

const shapes: Record<string, readonly number[]> = {
  "linear.weight": [5, 8],
  "linear.bias": [5],
  "pointwise.weight": [5, 8, 1, 1],
  "conv.weight": [6, 4, 3, 3],
  "conv.bias": [6],
  "norm.weight": [8],
  "norm.bias": [8],
  "table.weight": [10, 3],
  fused: [9, 4],
};
const stored = Object.fromEntries(
  Object.entries(shapes).map(([key, shape], i) => [key, tensor(shape, i + 100)]),
) as Record<string, Plain>;
const at = (key: string): Float32Array => (stored[key] as Plain).data;

let folder = "";
let weights: Weights;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-layers-"));
  const file = join(folder, "weights.safetensors");
  const tensors = Object.fromEntries(
    Object.entries(stored).map(([key, { dims, data }]): [string, StoredTensor] => [
      key,
      { dtype: "F32", shape: dims, data },
    ]),
  );
  const half = bf16(at("linear.weight"));
  await writeSafetensors(file, { ...tensors, "half.weight": { dtype: "BF16", shape: [5, 8], data: half } });
  weights = Weights.from((await readHeader(file)).tensors);
});
afterAll(() => rm(folder, { recursive: true }));

/** Builds a graph over the given inputs and runs it. */
async function compute(build: (...inputs: Value[]) => Value, inputs: readonly Plain[], options: GraphOptions = {}) {
  const graph = new Graph(options);
  const values = inputs.map(({ dims }, i) => graph.input(`x${i}`, "float32", dims));
  graph.output("y", build(...values));
  const session = await InferenceSession.create(encode(graph), {
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: "/" } },
  });
  const feeds = Object.fromEntries(inputs.map(({ data, dims }, i) => [`x${i}`, new Tensor("float32", data, dims)]));
  const y = (await session.run(feeds)).y as Tensor;
  return { dims: y.dims, data: y.data as Float32Array };
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  expect(found.length).toBe(wanted.length);
  const worst = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - (found[i] as number))));
  expect(worst).toBeLessThan(tolerance);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** Abramowitz and Stegun 7.1.5: the series of erf. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe("elementwise layers", () => {
  const x = tensor([2, 7], 1);
  test.each<[string, (v: Value) => Value, (n: number) => number]>([
    ["sigmoid", layers.sigmoid, sigmoid],
    ["silu", layers.silu, (n) => n * sigmoid(n)],
    ["gelu", layers.gelu, (n) => (n * (1 + erf(n / Math.SQRT2))) / 2],
    ["quickGelu", layers.quickGelu, (n) => n * sigmoid(1.702 * n)],
    ["tanh", layers.tanh, Math.tanh],
    ["relu", layers.relu, (n) => Math.max(n, 0)],
    ["exp", layers.exp, Math.exp],
    ["clip", layers.clip(-0.25, 0.5), (n) => Math.min(0.5, Math.max(-0.25, n))],
    ["add", (v) => layers.add(v, 3), (n) => n + 3],
    ["sub", (v) => layers.sub(v, 3), (n) => n - 3],
    ["mul", (v) => layers.mul(v, -2), (n) => n * -2],
    ["div", (v) => layers.div(v, 8), (n) => n / 8],
  ])("%s", async (_, layer, reference) => {
    expectClose((await compute(layer, [x])).data, x.data.map(reference));
  });
});

describe("layers over weights", () => {
  const rows = (x: Plain, w: Float32Array, width: number, bias?: Float32Array) => {
    const out = w.length / width;
    return Float32Array.from({ length: (x.data.length / width) * out }, (_, i) => {
      const [row, o] = [Math.floor(i / out), i % out];
      let sum = bias?.[o] ?? 0;
      for (let k = 0; k < width; k++) sum += (x.data[row * width + k] as number) * (w[o * width + k] as number);
      return sum;
    });
  };
  const x = tensor([2, 3, 8], 2);

  test("linear is x·Wᵀ + b", async () => {
    const y = await compute(layers.linear(weights.at("linear")), [x]);
    expect(y.dims).toEqual([2, 3, 5]);
    expectClose(y.data, rows(x, at("linear.weight"), 8, at("linear.bias")));
  });
  test("a 1×1 convolution serves as a linear layer", async () => {
    expectClose((await compute(layers.linear(weights.at("pointwise")), [x])).data, rows(x, at("pointwise.weight"), 8));
  });
  test("weights of another float type are computed as float32", async () => {
    const rounded = fromBf16(bf16(at("linear.weight")));
    expectClose((await compute(layers.linear(weights.at("half")), [x])).data, rows(x, rounded, 8));
  });
  test("rows of a fused projection are read in place", async () => {
    const narrow = tensor([3, 4], 3);
    const y = await compute(layers.dense(rowsOf(weights.tensor("fused"), 3, 6)), [narrow]);
    expectClose(y.data, rows(narrow, at("fused").slice(12, 24), 4));
  });
  test("embedding picks rows", async () => {
    const ids = { dims: [3], data: Float32Array.of(7, 0, 9) };
    const y = await compute((v) => layers.embedding(weights.at("table"))(layers.cast("int64")(v)), [ids]);
    expectClose(
      y.data,
      [7, 0, 9].flatMap((id) => [...at("table.weight").slice(id * 3, id * 3 + 3)]),
    );
  });

  test.each([
    ["keeps the size", {}, [1, 1, 1, 1], 1],
    ["halves it with a stride", { stride: 2 }, [1, 1, 1, 1], 2],
    ["pads as told", { stride: 2, pads: [0, 0, 1, 1] }, [0, 0, 1, 1], 2],
  ] as const)("conv2d %s", async (_, options, pads, stride) => {
    const [height, width] = [6, 5];
    const image = tensor([1, 4, height, width], 4);
    const y = await compute(layers.conv2d(weights.at("conv"), options), [image]);
    const outHeight = Math.floor((height + pads[0] + pads[2] - 3) / stride) + 1;
    const outWidth = Math.floor((width + pads[1] + pads[3] - 3) / stride) + 1;
    const wanted: number[] = [];
    for (let o = 0; o < 6; o++)
      for (let row = 0; row < outHeight; row++)
        for (let column = 0; column < outWidth; column++) {
          let sum = at("conv.bias")[o] as number;
          for (let c = 0; c < 4; c++)
            for (let i = 0; i < 3; i++)
              for (let j = 0; j < 3; j++) {
                const [h, w] = [row * stride + i - pads[0], column * stride + j - pads[1]];
                if (h < 0 || w < 0 || h >= height || w >= width) continue;
                const weight = at("conv.weight")[((o * 4 + c) * 3 + i) * 3 + j] as number;
                sum += weight * (image.data[(c * height + h) * width + w] as number);
              }
          wanted.push(sum);
        }
    expect(y.dims).toEqual([1, 6, outHeight, outWidth]);
    expectClose(y.data, wanted);
  });

  const normalised = (data: Float32Array, size: number, epsilon: number) =>
    data.map((value, i) => {
      const group = data.slice(Math.floor(i / size) * size, Math.floor(i / size) * size + size);
      const mean = group.reduce((a, b) => a + b, 0) / size;
      const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
      return (value - mean) / Math.sqrt(variance + epsilon);
    });

  test("groupNorm normalises groups of channels", async () => {
    const image = tensor([2, 8, 3, 5], 5);
    const y = await compute(layers.groupNorm(weights.at("norm"), { groups: 4, epsilon: 1e-3 }), [image]);
    const wanted = normalised(image.data, 2 * 15, 1e-3).map((value, i) => {
      const channel = Math.floor(i / 15) % 8;
      return value * (at("norm.weight")[channel] as number) + (at("norm.bias")[channel] as number);
    });
    expect(y.dims).toEqual(image.dims);
    expectClose(y.data, wanted);
  });
  test("layerNorm normalises the last axis", async () => {
    const y = await compute(layers.layerNorm(weights.at("norm"), { epsilon: 1e-3 }), [x]);
    const wanted = normalised(x.data, 8, 1e-3).map(
      (value, i) => value * (at("norm.weight")[i % 8] as number) + (at("norm.bias")[i % 8] as number),
    );
    expectClose(y.data, wanted);
  });
});

describe.each(["fused", "matmul"] as const)("multiHeadAttention (%s)", (attention) => {
  const [batch, queries, keys, heads, width] = [2, 3, 4, 2, 5];
  const q = tensor([batch, queries, heads * width], 6);
  const reference = (k: Plain, v: Plain, bias: (head: number, t: number, s: number) => number) => {
    const length = k.dims[1] as number;
    const at3 = (x: Plain, b: number, t: number, i: number) =>
      x.data[(b * (x.dims[1] as number) + t) * heads * width + i] as number;
    const out = new Float32Array(q.data.length);
    for (let b = 0; b < batch; b++)
      for (let head = 0; head < heads; head++)
        for (let t = 0; t < queries; t++) {
          const scores = Array.from({ length }, (_, s) => {
            let dot = 0;
            for (let i = 0; i < width; i++) dot += at3(q, b, t, head * width + i) * at3(k, b, s, head * width + i);
            return Math.exp(dot / Math.sqrt(width) + bias(head, t, s));
          });
          const total = scores.reduce((a, c) => a + c, 0);
          for (let i = 0; i < width; i++)
            out[(b * queries + t) * heads * width + head * width + i] = scores.reduce(
              (sum, score, s) => sum + (score / total) * at3(v, b, s, head * width + i),
              0,
            );
        }
    return out;
  };

  test("cross-attention", async () => {
    const [k, v] = [tensor([batch, keys, heads * width], 7), tensor([batch, keys, heads * width], 8)];
    const y = await compute((...x) => layers.multiHeadAttention(...(x as [Value, Value, Value]), heads), [q, k, v], {
      attention,
    });
    expect(y.dims).toEqual(q.dims);
    expectClose(
      y.data,
      reference(k, v, () => 0),
    );
  });
  test("an added mask", async () => {
    const [k, v] = [tensor([batch, keys, heads * width], 7), tensor([batch, keys, heads * width], 8)];
    const mask = tensor([1, 1, queries, keys], 9);
    const build = (a: Value, b: Value, c: Value, m: Value) => layers.multiHeadAttention(a, b, c, heads, { mask: m });
    const y = await compute(build as (...x: Value[]) => Value, [q, k, v, mask], { attention });
    expectClose(
      y.data,
      reference(k, v, (_, t, s) => mask.data[t * keys + s] as number),
    );
  });
  test("causal: nothing looks ahead", async () => {
    const [k, v] = [tensor([batch, queries, heads * width], 7), tensor([batch, queries, heads * width], 8)];
    const build = (a: Value, b: Value, c: Value) => layers.multiHeadAttention(a, b, c, heads, { causal: true });
    const y = await compute(build as (...x: Value[]) => Value, [q, k, v], { attention });
    expectClose(
      y.data,
      reference(k, v, (_, t, s) => (s > t ? Number.NEGATIVE_INFINITY : 0)),
    );
  });
});

describe("shapes", () => {
  const image = tensor([1, 2, 3, 5], 10);
  const nearest = (height: number, width: number) =>
    Array.from({ length: 2 * height * width }, (_, i) => {
      const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      return image.data[c * 15 + Math.floor((y * 3) / height) * 5 + Math.floor((x * 5) / width)] as number;
    });

  test("upsampleNearest repeats pixels", async () => {
    const y = await compute(layers.upsampleNearest(2), [image]);
    expect(y.dims).toEqual([1, 2, 6, 10]);
    expectClose(y.data, nearest(6, 10));
  });
  test("resizeNearestLike takes odd sizes", async () => {
    const y = await compute(
      (a, b) => layers.resizeNearestLike(b as Value)(a as Value),
      [image, tensor([1, 4, 5, 9], 11)],
    );
    expect(y.dims).toEqual([1, 2, 5, 9]);
    expectClose(y.data, nearest(5, 9));
  });
  test("halves, concat, slice, pad, transpose and gather move elements", async () => {
    const x = { dims: [2, 4], data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) };
    const swapped = await compute((v) => layers.concat(-1, layers.halves(v)[1], layers.halves(v)[0]), [x]);
    expect([...swapped.data]).toEqual([2, 3, 0, 1, 6, 7, 4, 5]);
    expect([...(await compute(layers.slice(1, -2, 4), [x])).data]).toEqual([2, 3, 6, 7]);
    expect((await compute(layers.pad([0, 1, 1, 0], 9), [x])).dims).toEqual([3, 5]);
    expect([...(await compute(layers.transpose(1, 0), [x])).data]).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
    const last = (v: Value) => layers.gather(v, v.graph.constant([1], { dtype: "int64" }));
    expect([...(await compute(last, [x])).data]).toEqual([4, 5, 6, 7]);
    const repeated = (v: Value) => layers.expand(v.graph.constant([3, 2, 4], { dtype: "int64" }))(v);
    expect((await compute(repeated, [x])).dims).toEqual([3, 2, 4]);
    expect((await compute((v) => v.pipe(layers.unsqueeze(0, 3)), [x])).dims).toEqual([1, 2, 4, 1]);
    expectClose(
      (await compute(layers.softmax(), [{ dims: [2], data: Float32Array.of(0, Math.log(3)) }])).data,
      [0.25, 0.75],
    );
  });
  test("timestepEmbedding: cosines, then sines, of falling frequencies", async () => {
    const t = { dims: [2], data: Float32Array.of(0, 981.5) };
    const wanted = [...t.data].flatMap((step) => {
      const angles = Array.from({ length: 4 }, (_, i) => step * 10_000 ** (-i / 4));
      return [...angles.map(Math.cos), ...angles.map(Math.sin)];
    });
    expectClose((await compute(layers.timestepEmbedding(8), [t])).data, wanted, 1e-4);
    expect((await compute(layers.timestepEmbedding(7), [t])).dims).toEqual([2, 7]);
  });
});

describe("a graph", () => {
  test("holds equal literals and weights once", () => {
    const graph = new Graph();
    expect(graph.constant([1, 2]).name).toBe(graph.constant([1, 2]).name);
    expect(graph.constant([1, 2]).name).not.toBe(graph.constant([1, 2], { dtype: "int64" }).name);
    graph.weight(weights.tensor("fused"));
    graph.weight(weights.tensor("fused"));
    graph.weight(rowsOf(weights.tensor("fused"), 0, 3));
    expect(graph.weights.size).toBe(2);
  });
  test("refuses values of another graph", () => {
    const [a, b] = [new Graph(), new Graph()];
    expect(() => layers.add(a.input("x", "float32", [1]), b.input("x", "float32", [1]))).toThrow("another graph");
  });
});
