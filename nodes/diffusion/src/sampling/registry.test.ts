import { describe, expect, test } from "vitest";
import { Registry } from "./registry.js";

const mine = { name: "my-pack", version: "1.0.0" };
const registry = () => new Registry("sampler", { euler: 1, heun: 2 });

test("what is added stands after our own, and is found", () => {
  const samplers = registry();
  samplers.add("halfway", 3, mine);
  expect(samplers.names()).toEqual(["euler", "heun", "halfway"]);
  expect(["euler", "halfway"].map((name) => samplers.get(name))).toEqual([1, 3]);
});

test("a name that is taken is refused, naming both packs", () => {
  const samplers = registry();
  expect(() => samplers.add("euler", 3, mine)).toThrow(
    "@mezzotint/nodes-diffusion and my-pack both bring a sampler named euler",
  );
  samplers.add("halfway", 3, mine);
  expect(() => samplers.add("halfway", 4, { ...mine, name: "other" })).toThrow("my-pack and other both");
  expect(samplers.get("halfway")).toBe(3);
});

test("a name that nobody added is refused, saying what was", () => {
  const samplers = registry();
  expect(() => samplers.get("halfway")).toThrow('no sampler "halfway"; packs that are loaded add none');
  samplers.add("quarter", 3, mine);
  for (const name of ["halfway", "__proto__", "toString"]) expect(() => samplers.get(name)).toThrow("add quarter");
});

test.each(["", "two words", "line\nbreak", "\u0000"])("%j is no name", (name) => {
  expect(() => registry().add(name, 3, mine)).toThrow("a name without spaces");
});

test("whoever adds says who it is", () => {
  expect(() => registry().add("halfway", 3, { name: "my-pack" } as never)).toThrow("{ name, version }");
  expect(() => registry().add("halfway", 3, undefined as never)).toThrow("{ name, version }");
});

describe("in cache keys", () => {
  const samplers = registry();
  const bare = samplers.version(undefined);
  samplers.add("halfway", 3, mine);
  const newer = registry();
  newer.add("halfway", 3, { ...mine, version: "1.0.1" });

  test("our own say nothing, whatever packs add", () => {
    expect(samplers.version("euler")).toBe(bare);
  });

  test("a pack's says which version of the pack it is of", () => {
    expect(samplers.version("halfway")).not.toBe(newer.version("halfway"));
  });

  test("a name that a link brings may be any of them", () => {
    expect(samplers.version(undefined)).not.toBe(bare);
    expect(samplers.version(undefined)).not.toBe(newer.version(undefined));
  });
});
