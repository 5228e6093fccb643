import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elements } from "../tensor.js";
import { encode } from "./encode.js";
import { Graph } from "./graph.js";
import { conv2d } from "./layers.js";
import { readHeader } from "./safetensors.js";
import { Weights } from "./weights.js";
import { winogradConv2d } from "./winograd.js";
import { type StoredTensor, writeSafetensors } from "./write-safetensors.js";

/** Reproducible numbers in (-1, 1). */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

let folder = "";
let weights: Weights;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-winograd-"));
  const shapes = {
    "wide.weight": [160, 128, 3, 3],
    "wide.bias": [160],
    "bare.weight": [128, 160, 3, 3],
    "narrow.weight": [128, 8, 3, 3],
    "flat.weight": [128, 128, 1, 1],
  };
  const tensors = Object.entries(shapes).map(([key, shape], i): [string, StoredTensor] => [
    key,
    { dtype: "F32", shape, data: numbers(elements(shape), i) },
  ]);
  const file = join(folder, "weights.safetensors");
  await writeSafetensors(file, Object.fromEntries(tensors));
  weights = Weights.from((await readHeader(file)).tensors);
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([2, 4] as const)("with tiles of %i, a convolution is the same as the direct one", (tile) => {
  test.each(["wide", "bare"])("%s, any batch, height and width", async (layer) => {
    const w = weights.at(layer);
    const channels = w.shape("weight")[1] as number;
    const graph = new Graph();
    const x = graph.input("x", "float32", ["batch", channels, "height", "width"]);
    graph.output("direct", conv2d(w)(x));
    graph.output("tiled", winogradConv2d(w, tile)(x));
    const extra = { session: { model_external_initializers_file_folder_path: "/" } };
    const session = await InferenceSession.create(encode(graph), { logSeverityLevel: 3, extra });
    for (const size of ["1 1 1", "1 1 9", "2 7 1", "1 2 3", "2 5 6", "3 8 8", "1 13 11"]) {
      const dims = size.split(" ").map(Number).toSpliced(1, 0, channels);
      const outputs = await session.run({ x: new Tensor("float32", numbers(elements(dims), 9), dims) });
      const { direct, tiled } = outputs as { direct: Tensor; tiled: Tensor };
      expect(tiled.dims, size).toEqual(direct.dims);
      const wanted = direct.data as Float32Array;
      const worst = wanted.reduce(
        (most, v, i) => Math.max(most, Math.abs(v - ((tiled.data as Float32Array)[i] ?? 0))),
        0,
      );
      expect(worst / Math.max(...wanted.map(Math.abs)), size).toBeLessThan(tile === 2 ? 2e-6 : 2e-5);
    }
    await session.release();
  });
});

describe("the direct form is taken", () => {
  const opsOf = (layer: string, graph = new Graph()) => {
    graph.input("x", "float32", ["b", "c", "h", "w"]).pipe(winogradConv2d(weights.at(layer), 4));
    return graph.ops.map(({ type }) => type);
  };
  test.each(["narrow", "flat"])("for a layer that is too %s", (layer) => {
    expect(opsOf(layer)).toEqual(["Conv"]);
  });
  test("where the graph asks for it", () => {
    expect(opsOf("wide", new Graph({ convolution: "direct" }))).toEqual(["Conv"]);
    expect(opsOf("wide").length).toBeGreaterThan(1);
  });
});
