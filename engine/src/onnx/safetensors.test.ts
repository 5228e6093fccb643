import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mergeTensors, readHeader, WeightsError } from "./safetensors.js";
import { writeSafetensors } from "./write-safetensors.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with this header text and data, whose length field may lie. */
async function file(header: string | Uint8Array, data = 0, length?: bigint): Promise<string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.safetensors`);
  const text = Buffer.from(header as string);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  await writeFile(path, [start, text, new Uint8Array(data)]);
  return path;
}
const entry = (dtype: unknown, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const header = (entries: Record<string, unknown>) => JSON.stringify(entries);

test("entries say where their bytes are", async () => {
  const path = join(folder, "good.safetensors");
  await writeSafetensors(
    path,
    {
      a: { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) },
      empty: { dtype: "F16", shape: [0, 3], data: new Uint16Array(0) },
      scalar: { dtype: "I64", shape: [], data: BigInt64Array.of(3n) },
    },
    { format: "pt" },
  );
  const { tensors, metadata, size } = await readHeader(path);
  expect(metadata).toEqual({ format: "pt" });
  const [a, empty, scalar] = [tensors.get("a"), tensors.get("empty"), tensors.get("scalar")];
  expect(a).toEqual({ file: path, key: "a", dtype: "F32", shape: [2], offset: size - 16, length: 8 });
  expect(empty?.length).toBe(0);
  expect(scalar).toMatchObject({ offset: size - 8, length: 8, shape: [] });
});

describe("a hostile file is refused with its name, the key and the reason", () => {
  test.each<[string, string | Uint8Array, number, bigint | undefined, string]>([
    ["a header longer than the file", "{}", 0, 5000n, "claims 5000 bytes but the file has 10"],
    ["a header beyond the format's bound", "{}", 0, 2n ** 60n, "the format allows 100000000"],
    ["a header of no length", "{}", 0, 0n, "too short"],
    ["a header of one byte", "{}", 0, 1n, "too short"],
    ["broken JSON", '{"a":', 0, undefined, "not JSON"],
    ["JSON that is not an object", "[1]", 0, undefined, "not a JSON object"],
    ["bytes that are not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0, undefined, "not valid UTF-8"],
    ["metadata that is not text", header({ __metadata__: { a: 1 } }), 0, undefined, "must map strings to strings"],
    ["bytes of no tensor at the end", "{}", 5, undefined, "5 bytes at its end belong to no tensor"],
  ])("%s", async (_, text, data, length, reason) => {
    const path = await file(text, data, length);
    await expect(readHeader(path)).rejects.toThrow(reason);
    await expect(readHeader(path)).rejects.toThrow(path);
  });

  test.each<[string, unknown, number, string]>([
    ["an entry that is no object", 7, 4, "not an object"],
    ["an unknown dtype", entry("F99", [1], [0, 4]), 4, 'dtype "F99"'],
    ["a dtype of Object's prototype", entry("constructor", [1], [0, 4]), 4, 'dtype "constructor"'],
    ["a negative dimension", entry("F32", [-1], [0, 4]), 4, "shape [-1]"],
    ["a fractional dimension", entry("F32", [0.5], [0, 4]), 4, "shape [0.5]"],
    ["a dimension beyond 2^53", entry("F32", [2 ** 60], [0, 4]), 4, "shape"],
    ["too many dimensions", entry("F32", new Array(5000).fill(1), [0, 4]), 4, "at most 16"],
    ["a product that overflows", entry("F32", [2 ** 32, 2 ** 32], [0, 4]), 4, "takes 73786976294838206464 bytes"],
    ["a shape that needs more than its bytes", entry("F16", [3], [0, 4]), 4, "takes 6 bytes"],
    ["offsets beyond the file", entry("F32", [4], [0, 16]), 4, "truncated"],
    ["offsets that run backwards", entry("F32", [1], [4, 0]), 4, "end before they begin"],
    ["a negative offset", entry("F32", [1], [-4, 0]), 4, "data_offsets"],
    ["offsets that are missing", { dtype: "F32", shape: [1] }, 4, "data_offsets missing"],
    ["a gap before the data", entry("F32", [1], [4, 8]), 8, "4 bytes before it belong to no tensor"],
  ])("%s", async (_, bad, data, reason) => {
    const path = await file(header({ "block.0.weight": bad }), data);
    const error = await readHeader(path).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject({ file: path, key: "block.0.weight", message: expect.stringContaining(reason) });
  });

  test("tensors that overlap", async () => {
    const path = await file(header({ a: entry("F32", [2], [0, 8]), b: entry("F32", [2], [4, 12]) }), 12);
    await expect(readHeader(path)).rejects.toThrow('key "b": its data overlaps');
  });
  test("a key that stands twice, however it is spelt", async () => {
    const one = JSON.stringify(entry("U8", [1], [0, 1]));
    const path = await file(`{"a\\"": ${one}, "__metadata__": {"x": "a", "y": "{"}, "a\\u0022": ${one}}`, 1);
    await expect(readHeader(path)).rejects.toThrow("twice in the header");
  });
  test("a key named __proto__ is a key like any other", async () => {
    const path = await file(`{"__proto__": ${JSON.stringify(entry("U8", [1], [0, 1]))}}`, 1);
    expect([...(await readHeader(path)).tensors.keys()]).toEqual(["__proto__"]);
  });
  test("a download that was cut", async () => {
    const path = await file(header({ a: entry("F32", [4], [0, 16]) }), 16);
    await truncate(path, 70);
    await expect(readHeader(path)).rejects.toThrow("truncated");
  });
  test.each<[string, string | Uint8Array, string]>([
    ["a pickle", Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9), "convert it to .safetensors"],
    ["a PyTorch zip", "PK\x03\x04\x00\x00\x08\x08\x00\x00 archive/data.pkl", "can run any code"],
    ["a web page", "<!DOCTYPE html><title>Sign in</title>", "web page"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"],
    ["an empty file", "", "only 0 bytes"],
    ["a tiny file", "abc", "only 3 bytes"],
  ])("%s", async (_, content, reason) => {
    const path = join(folder, "foreign.ckpt");
    await writeFile(path, content);
    await expect(readHeader(path)).rejects.toThrow(reason);
  });
  test("a folder, or nothing at all", async () => {
    await expect(readHeader(folder)).rejects.toThrow("not a regular file");
    await expect(readHeader(join(folder, "nowhere"))).rejects.toThrow("no such file");
  });
});

test("shards make one set, and a key in two of them is an error", async () => {
  const paths = [join(folder, "1.safetensors"), join(folder, "2.safetensors")] as const;
  const one = { dtype: "U8", shape: [1], data: new Uint8Array(1) } as const;
  await writeSafetensors(paths[0], { a: one });
  await writeSafetensors(paths[1], { b: one });
  const files = await Promise.all(paths.map(readHeader));
  expect([...mergeTensors(files).keys()]).toEqual(["a", "b"]);
  expect(() => mergeTensors([...files, ...files])).toThrow(`also in ${paths[0]}`);
});
