import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
// The host is a process of the built package.
import {
  encode,
  Graph,
  graphKey,
  linear,
  mul,
  readHeader,
  startInference,
  Weights,
  writeSafetensors,
} from "@mezzotint/engine/onnx";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { CompiledCache, type CompiledFiles } from "./compiled-cache.js";

vi.setConfig({ testTimeout: 30_000 });

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-cache-"));
});
afterAll(() => rm(folder, { recursive: true }));

const SIZE = 1_000_000;
/** Stands for ONNX Runtime: a small graph, and weights that hold no zeros. */
const write = async ({ model, weights }: CompiledFiles): Promise<void> => {
  await writeFile(model, "graph");
  await writeFile(join(dirname(model), weights), new Uint8Array(SIZE).fill(7));
};
async function cacheOf(...keys: string[]): Promise<{ dir: string; cache: CompiledCache }> {
  const dir = await mkdtemp(join(folder, "cache-"));
  const cache = new CompiledCache({ dir, budget: 4 * SIZE });
  for (const key of keys) await cache.add(key, SIZE / 2, write);
  return { dir, cache };
}

test("an entry is found under its key, and nothing temporary stays", async () => {
  const { dir, cache } = await cacheOf("a");
  expect((await cache.find("a"))?.model).toBe(join(dir, "a", "model.onnx"));
  expect(await cache.find("b")).toBeUndefined();
  expect(await readdir(dir)).toEqual(["a"]);
});

describe("an entry is removed when it is found with", () => {
  test.each<[string, (entry: string) => Promise<void>]>([
    ["a truncated file", (entry) => truncate(join(entry, "model.bin"), 5000)],
    ["zeros where weights were", (entry) => writeFile(join(entry, "model.bin"), new Uint8Array(SIZE))],
    ["another graph", (entry) => writeFile(join(entry, "model.onnx"), "grapf")],
    ["a broken manifest", (entry) => writeFile(join(entry, "manifest.json"), "{")],
    ["no manifest", (entry) => rm(join(entry, "manifest.json"))],
    ["no weights", (entry) => rm(join(entry, "model.bin"))],
  ])("%s", async (_, damage) => {
    const { dir, cache } = await cacheOf("a");
    await damage(join(dir, "a"));
    expect(await cache.find("a")).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
    expect(await cache.add("a", SIZE / 2, write)).toBeDefined();
  });
});

test("the least recently used entries give way to the budget", async () => {
  const { dir, cache } = await cacheOf("a", "b", "c");
  for (const [i, key] of ["a", "b", "c"].entries()) await utimes(join(dir, key, "manifest.json"), i + 1, i + 1);
  await cache.find("a");
  await cache.add("d", SIZE, write);
  expect((await readdir(dir)).sort()).toEqual(["a", "c", "d"]);
});

test("a folder that is none of its own is never evicted", async () => {
  const { dir, cache } = await cacheOf("a", "b", "c");
  await mkdir(join(dir, "pictures"));
  await cache.add("d", SIZE, write);
  expect(await readdir(dir)).toContain("pictures");
});

test("what cannot fit is not written, and evicts nothing", async () => {
  const { dir, cache } = await cacheOf("a");
  const never = () => Promise.reject(new Error("must not be called"));
  expect(await cache.add("b", 4 * SIZE, never)).toBeUndefined();
  expect(await new CompiledCache({ dir, budget: Number.MAX_VALUE }).add("b", 1e18, never)).toBeUndefined();
  expect(await readdir(dir)).toEqual(["a"]);
});

test("a failed writer leaves nothing and is reported", async () => {
  const { dir, cache } = await cacheOf();
  await expect(cache.add("a", 1, () => Promise.reject(new Error("no space left")))).rejects.toThrow("no space left");
  expect(await readdir(dir)).toEqual([]);
});

test("what a dead process left half done is cleared, what a live one writes is not", async () => {
  const { dir, cache } = await cacheOf();
  const [dead, live, strange] = [
    `tmp-${hostname()}-999999999-a`,
    `tmp-${hostname()}-${process.ppid}-a`,
    "tmp-elsewhere-1-a",
  ];
  for (const name of [dead, live, strange]) await mkdir(join(dir, name));
  await cache.add("a", 1, write);
  expect((await readdir(dir)).sort()).toEqual(["a", live, strange].sort());
});

test("of two writers at once, both are served by one entry", async () => {
  const { dir, cache } = await cacheOf();
  let other: unknown;
  const files = await cache.add("a", 1, async (temporary) => {
    await write(temporary);
    const rival = await cacheOf("a");
    await rename(join(rival.dir, "a"), join(dir, "a"));
    other = await cache.find("a");
  });
  expect(files).toEqual(other);
  expect(await readdir(dir)).toEqual(["a"]);
});

describe("through the inference host", () => {
  const x = { dims: [2, 256], data: Float32Array.from({ length: 512 }, (_, i) => Math.cos(i)) };

  /** Runs a small session that claims `bytes` of weights in a new host; tells whether the model was asked for. */
  async function run(cacheDir: string | undefined, bytes = 100e6) {
    const file = join(folder, "weights.safetensors");
    const data = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i));
    await writeSafetensors(file, { "a.weight": { dtype: "F32", shape: [256, 256], data } });
    const weights = Weights.from((await readHeader(file)).tensors);
    const graph = new Graph();
    graph.output("y", mul(linear(weights.at("a"))(graph.input("x", "float32", ["n", 256])), 2));
    let asked = false;
    const model = () => {
      asked = true;
      return encode(graph);
    };
    const host = startInference({ threads: 1, cacheBudget: 1e9, ...(cacheDir === undefined ? {} : { cacheDir }) });
    const { outputs } = await host.run({ name: "stored", key: graphKey(graph, () => "id"), bytes, model }, { x });
    await host.close();
    return { y: outputs.y, asked };
  }

  test("later hosts need no model and give the same result, until the entry is damaged", async () => {
    const dir = await mkdtemp(join(folder, "host-"));
    const { y } = await run(undefined);
    expect(await run(dir)).toEqual({ y, asked: true });
    expect(await run(dir)).toEqual({ y, asked: false });
    const [entry] = await readdir(dir);
    const weights = join(dir, entry as string, "model.bin");
    await writeFile(weights, new Uint8Array((await readFile(weights)).length));
    expect(await run(dir)).toEqual({ y, asked: true });
    expect(await readdir(dir)).toEqual([entry]);
  });

  test("a small model is not worth its files", async () => {
    const dir = await mkdtemp(join(folder, "host-"));
    await run(dir, 1e6);
    expect(await readdir(dir)).toEqual([]);
  });
});
