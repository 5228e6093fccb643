import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
// The host is a process of the built package.
import {
  encode,
  Graph,
  graphKey,
  type InferenceOptions,
  linear,
  mul,
  readHeader,
  type SessionSpec,
  startInference,
  Weights,
  writeSafetensors,
} from "@mezzotint/engine/onnx";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-cache-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A session of weights large enough for the cache, or said to be. */
async function stored(bytes = 100e6): Promise<SessionSpec & { asked: number }> {
  const file = join(folder, "cached.safetensors");
  const data = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i));
  await writeSafetensors(file, { "a.weight": { dtype: "F32", shape: [256, 256], data } });
  const weights = Weights.from((await readHeader(file)).tensors);
  const graph = new Graph();
  graph.output("y", mul(linear(weights.at("a"))(graph.input("x", "float32", ["n", 256])), 2));
  const spec = {
    name: "stored",
    key: graphKey(graph, () => "id"),
    bytes,
    asked: 0,
    model: () => {
      spec.asked++;
      return encode(graph);
    },
  };
  return spec;
}
const x = { dims: [2, 256], data: Float32Array.from({ length: 512 }, (_, i) => Math.cos(i)) };
const run = async (spec: SessionSpec, options: InferenceOptions) => {
  const host = startInference({ threads: 1, ...options });
  const { outputs } = await host.run(spec, { x });
  await host.close();
  return outputs.y;
};
const dir = async (name: string) => mkdtemp(join(folder, name));

test("serves later hosts without the model, with the same result", async () => {
  const options = { cacheDir: await dir("hit"), cacheBudget: 1e9 };
  const spec = await stored();
  const first = await run(spec, options);
  expect(first).toEqual(await run(spec, {}));
  const again = await stored();
  expect(await run(again, options)).toEqual(first);
  expect(again.asked).toBe(0);
  expect((await readdir(options.cacheDir)).filter((name) => name.startsWith("tmp-"))).toEqual([]);
});

test.each<[string, (entry: string) => Promise<void>]>([
  ["a truncated file", (entry) => truncate(join(entry, "model.bin"), 5000)],
  ["weights that became zeros", (entry) => zeros(join(entry, "model.bin"))],
  ["a broken manifest", (entry) => writeFile(join(entry, "manifest.json"), "{")],
  ["a missing manifest", (entry) => rm(join(entry, "manifest.json"))],
])("rebuilds an entry with %s", async (_, damage) => {
  const options = { cacheDir: await dir("damage"), cacheBudget: 1e9 };
  const first = await run(await stored(), options);
  const [name] = await readdir(options.cacheDir);
  await damage(join(options.cacheDir, name as string));
  const spec = await stored();
  expect(await run(spec, options)).toEqual(first);
  expect(spec.asked).toBe(1);
  const again = await stored();
  await run(again, options);
  expect(again.asked).toBe(0);
});

test("is not written for a small model, or where it does not fit", async () => {
  const [small, tight] = [await dir("small"), await dir("tight")];
  await run(await stored(1e6), { cacheDir: small, cacheBudget: 1e9 });
  await run(await stored(), { cacheDir: tight, cacheBudget: 1e8 });
  expect([await readdir(small), await readdir(tight)]).toEqual([[], []]);
});

test("two hosts at once end with one entry", async () => {
  const options = { cacheDir: await dir("race"), cacheBudget: 1e9 };
  const specs = [await stored(), await stored()];
  const results = await Promise.all(specs.map((spec) => run(spec, options)));
  expect(results[0]).toEqual(results[1]);
  expect(await readdir(options.cacheDir)).toHaveLength(1);
});

const zeros = async (path: string) => writeFile(path, new Uint8Array((await readFile(path)).length));
