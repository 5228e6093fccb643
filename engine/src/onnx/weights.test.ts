import { describe, expect, test } from "vitest";
import type { TensorEntry } from "./safetensors.js";
import { rowsOf, Weights } from "./weights.js";

function weights(...keys: string[]): Weights {
  const entry = (key: string, i: number): TensorEntry => ({
    file: "/m/a.safetensors",
    key,
    dtype: "F16",
    shape: [6, 4],
    offset: 100 + 48 * i,
    length: 48,
  });
  return Weights.from(new Map(keys.map((key, i) => [key, entry(key, i)])));
}

test("a prefix is a folder of keys", () => {
  const w = weights("a.0.weight", "a.0.bias", "a.10.weight", "ab.weight");
  expect(w.at("a").at(0).has("bias")).toBe(true);
  expect(w.at("a").keys()).toEqual(["0.weight", "0.bias", "10.weight"]);
  expect(w.at("a.0").shape("weight")).toEqual([6, 4]);
  expect(w.at("a.0").dtype("weight")).toBe("F16");
  expect(w.at("a.0").optional("scale")).toBeUndefined();
});

test("count is one more than the highest number", () => {
  const w = weights("a.0.x", "a.3.x", "a.3.b.1.x", "a.2y.x", "c", "d.0");
  expect([w.count("a"), w.at("a.3").count("b"), w.count("c"), w.count("d"), w.count("nope")]).toEqual([4, 2, 0, 1, 0]);
});

test("unread names what no one asked for", () => {
  const w = weights("a.weight", "a.bias", "b.weight");
  w.at("a").tensor("weight");
  expect(w.unread()).toEqual(["a.bias", "b.weight"]);
  expect(w.at("a").unread()).toEqual(["a.bias"]);
});

test("a missing key is named with its file", () => {
  expect(() => weights("a.weight").at("b").tensor("weight")).toThrow(
    '/m/a.safetensors: key "b.weight": the checkpoint has no such key',
  );
});

describe("views of a tensor", () => {
  test("rows are a range of its bytes", () => {
    const tensor = weights("a", "in_proj").tensor("in_proj");
    expect(rowsOf(tensor, 2, 4)).toMatchObject({ shape: [2, 4], offset: 100 + 48 + 16, length: 16 });
    expect(() => rowsOf(tensor, 4, 7)).toThrow('key "in_proj": rows 4 to 7 asked for, its shape is [6, 4]');
  });
  test("a reshaped tensor is the same bytes", () => {
    expect(weights("a").reshaped("a", [4, 6, 1, 1])).toMatchObject({ shape: [4, 6, 1, 1], offset: 100, length: 48 });
    expect(() => weights("a").reshaped("a", [5, 5])).toThrow("[6, 4] cannot be seen as [5, 5]");
  });
});

test("tensors may have other names than the file's keys, which errors and unread() go on naming", () => {
  const stored = weights("model.in.0.w", "model.out.w");
  const w = Weights.from(
    new Map([
      ["conv_in.weight", stored.tensor("model.in.0.w")],
      ["conv_out.weight", stored.tensor("model.out.w")],
    ]),
  );
  expect(w.at("conv_in").tensor("weight").key).toBe("model.in.0.w");
  expect(w.unread()).toEqual(["model.out.w"]);
  expect(() => w.reshaped("conv_out.weight", [5])).toThrow(
    'key "model.out.w": [6, 4] cannot be seen as [5] (read as conv_out.weight)',
  );
});
