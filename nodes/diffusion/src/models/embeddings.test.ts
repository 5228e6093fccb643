import { writeFile } from "node:fs/promises";
import { type StoredTensor, writeSafetensors } from "@mezzotint/engine/onnx";
import { describe, expect, test } from "vitest";
import { testHost } from "../../test/host.js";
import { type EmbeddingKey, findEmbedding, openEmbedding, readRows } from "./embeddings.js";

const { path } = testHost();

const f32 = (shape: readonly number[], from = 0): StoredTensor => {
  const count = shape.reduce((product, n) => product * n, 1);
  return { dtype: "F32", shape, data: Float32Array.from({ length: count }, (_, i) => from + i) };
};

let files = 0;
async function read(tensors: Readonly<Record<string, StoredTensor>>, key: EmbeddingKey = "clip_l") {
  const file = path(`${files++}.safetensors`);
  await writeSafetensors(file, tensors);
  const embedding = await openEmbedding(file, key);
  return { rows: embedding.rows, width: embedding.width, data: [...(await readRows(embedding))] };
}

describe("a name means", () => {
  const names = [
    "a.safetensors",
    "b.pt",
    "deep/er/c.safetensors",
    "sub/b.safetensors",
    "sub/c.safetensors",
    "v1.2.bin",
  ];

  test.each([
    ["a", "a.safetensors"],
    ["a.safetensors", "a.safetensors"],
    ["sub/c", "sub/c.safetensors"],
    ["sub\\c", "sub/c.safetensors"],
    ["./a", "a.safetensors"],
    ["v1.2", "v1.2.bin"],
    ["c", "sub/c.safetensors"],
    ["er/c", "deep/er/c.safetensors"],
    // What can be read goes before what cannot.
    ["b", "sub/b.safetensors"],
    ["b.pt", "b.pt"],
    ["A", undefined],
    ["", undefined],
    ["../a", undefined],
    ["sub", undefined],
  ])("%j: %j", (name, want) => {
    expect(findEmbedding(names, name)).toBe(want);
  });
});

describe("a file may hold", () => {
  const rows = f32([2, 3]);
  const want = { rows: 2, width: 3, data: [0, 1, 2, 3, 4, 5] };

  test.each([
    ["emb_params", { emb_params: rows, other: f32([1, 9]) }],
    ["string_to_param", { "string_to_param.*": rows, other: f32([1, 9]) }],
    ["its encoder's key", { clip_g: f32([2, 5]), clip_l: rows }],
    ["a lone tensor of any name", { "<cat>": rows }],
    ["a bundle", { "bundle_emb.x.string_to_param.*": rows, "lora_a.alpha": f32([]) }],
    ["a bundle for several encoders", { "bundle_emb.x.clip_g": f32([1, 5]), "bundle_emb.x.clip_l": rows }],
  ])("%s", async (_, tensors) => {
    expect(await read(tensors)).toEqual(want);
  });

  test("one row without an axis of rows", async () => {
    expect(await read({ "<cat>": f32([3]) })).toEqual({ rows: 1, width: 3, data: [0, 1, 2] });
  });

  test("several bundled ones, one after the other", async () => {
    const tensors = {
      "bundle_emb.a.string_to_param.*": f32([1, 2]),
      "bundle_emb.b.string_to_param.*": f32([2, 2], 10),
    };
    expect(await read(tensors)).toEqual({ rows: 3, width: 2, data: [0, 1, 10, 11, 12, 13] });
  });

  test.each([
    ["F16", Uint16Array.of(0x3c00, 0xc000, 0x3555)],
    ["BF16", Uint16Array.of(0x3f80, 0xc000, 0x3eab)],
    ["F64", Float64Array.of(1, -2, 1 / 3)],
  ] as const)("%s numbers", async (dtype, data) => {
    const { data: got } = await read({ x: { dtype, shape: [1, 3], data } });
    expect(got[0]).toBe(1);
    expect(got[1]).toBe(-2);
    expect(got[2]).toBeCloseTo(1 / 3, 2);
  });

  test("one for each encoder, of which each takes its own", async () => {
    const tensors = { clip_g: f32([1, 5]), clip_l: f32([2, 3]) };
    expect((await read(tensors, "clip_l")).width).toBe(3);
    expect((await read(tensors, "clip_g")).width).toBe(5);
    await expect(read(tensors, "clip_h")).rejects.toThrow(/it must have clip_h, emb_params.*has "clip_g", "clip_l"/);
  });
});

describe("refused, with the file's name, are", () => {
  test.each([
    [
      "several tensors of other names",
      { a: f32([1, 3]), b: f32([1, 3]) },
      /\.safetensors: no textual inversion.*"a", "b"/,
    ],
    ["no tensors", {}, /it has none/],
    ["three axes", { emb_params: f32([1, 2, 3]) }, /key "emb_params": its shape is \[1, 2, 3\]/],
    ["no rows", { emb_params: f32([0, 3]) }, /its shape is \[0, 3\]/],
    ["integers", { emb_params: { dtype: "I32", shape: [1, 1], data: Int32Array.of(1) } as const }, /its type is I32/],
    ["absurdly many rows", { emb_params: f32([5000, 1]) }, /5000 rows/],
  ])("%s", async (_, tensors: Readonly<Record<string, StoredTensor>>, message) => {
    await expect(read(tensors)).rejects.toThrow(message);
  });

  test("pickles", async () => {
    await writeFile(path("old.pt"), Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0, 0, 0));
    await writeFile(path("new.bin"), `PK\u0003\u0004${"x".repeat(60)}`);
    for (const name of ["old.pt", "new.bin"])
      await expect(openEmbedding(path(name), "clip_l")).rejects.toThrow(
        new RegExp(`${name.replace(".", "\\.")}: .*pickle.*convert it to \\.safetensors`),
      );
  });
});
