import { describe, expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { memoryCache } from "./cache.js";
import { any, choice, float, hidden, int, integer, optional, text } from "./inputs.js";
import { keyOf } from "./keys.js";
import { defineNode } from "./node.js";
import type { Prompt } from "./prompt.js";
import { ANY } from "./socket.js";

const value = defineNode({
  id: "Value",
  category: "",
  doc: "",
  inputs: {
    i: optional(int()),
    big: optional(integer()),
    f: optional(float()),
    s: optional(text()),
    c: optional(choice(["a", "b"])),
    any: optional(any()),
    other: optional(any()),
  },
  outputs: { value: ANY, second: ANY },
  run: () => ({ value: 1, second: 2 }),
});
const twin = defineNode({ ...value, id: "Twin" });
const named = defineNode({
  id: "Named",
  category: "",
  doc: "",
  inputs: { id: hidden.nodeId },
  outputs: { value: ANY },
  run: () => ({ value: 1 }),
});

const rig = await bench([value, twin, named]);
const keysOf = (prompt: Prompt, target: string, salt = "", version?: string) => {
  const keys = new Map<string, string>();
  for (const step of rig.plan(prompt, [target]).steps.values())
    keys.set(
      step.id,
      keyOf(
        step,
        step.bindings.map(({ from }) => (from === undefined ? undefined : { key: keys.get(from)! })),
        version,
        salt,
      ),
    );
  return keys;
};
const keyFor = (inputs: object, class_type = "Value") =>
  keysOf({ 1: { class_type, inputs: inputs as Record<string, unknown> } }, "1").get("1")!;

describe("keys", () => {
  test("do not know ids, titles, unknown inputs nor the order of inputs", () => {
    const one: Prompt = {
      a: { class_type: "Value", inputs: { s: "x", i: 1 }, _meta: { title: "A" } },
      b: { class_type: "Value", inputs: { any: ["a", 0] } },
    };
    const two: Prompt = {
      9: { class_type: "Value", inputs: { any: ["4", 0], nothing: 1 } },
      4: { class_type: "Value", inputs: { i: 1, s: "x" } },
    };
    expect(keysOf(one, "b").get("b")).toBe(keysOf(two, "9").get("9"));
  });

  test("know everything else", () => {
    const keys = [
      keyFor({}),
      keyFor({}, "Twin"),
      keyFor({ i: 1 }),
      keyFor({ i: 2 }),
      keyFor({ big: 1 }),
      keyFor({ f: 1 }),
      keyFor({ s: "1" }),
      keyFor({ s: "" }),
      keyFor({ s: 'x"\nany=1' }),
      keyFor({ s: "x", any: 1 }),
      keyFor({ any: "1" }),
      keyFor({ any: { a: [1, null] } }),
      keyFor({ any: { a: [1, false] } }),
      keyFor({ other: 1 }),
      keyFor({ c: "a" }),
      keyFor({ c: "b" }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("know which output a link takes, and all that lies above it", () => {
    const diamond = (slot: number, deep: number): Prompt => ({
      0: { class_type: "Value", inputs: { i: deep } },
      1: { class_type: "Value", inputs: { any: ["0", 0] } },
      2: { class_type: "Value", inputs: { any: ["1", slot] } },
    });
    const keys = [diamond(0, 1), diamond(1, 1), diamond(0, 2)].map((prompt) => keysOf(prompt, "2").get("2"));
    expect(new Set(keys).size).toBe(3);
  });

  test("know the salt, the version, and the id where a node asks for it", () => {
    const prompt: Prompt = { a: { class_type: "Named", inputs: {} }, b: { class_type: "Named", inputs: {} } };
    expect(keysOf(prompt, "a").get("a")).not.toBe(keysOf(prompt, "b").get("b"));
    const one: Prompt = { a: { class_type: "Value", inputs: {} } };
    const keys = [keysOf(one, "a"), keysOf(one, "a", "salt"), keysOf(one, "a", "", "1"), keysOf(one, "a", "", "2")];
    expect(new Set(keys.map((of) => of.get("a"))).size).toBe(4);
  });

  test("a version that holds in this process only marks all that follows", () => {
    const prompt: Prompt = {
      0: { class_type: "Value", inputs: {} },
      1: { class_type: "Value", inputs: { any: ["0", 0] } },
    };
    for (const key of keysOf(prompt, "1", "", "~1").values()) expect(key).toMatch(/^~[0-9a-f]{64}$/);
    for (const key of keysOf(prompt, "1").values()) expect(key).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("versions", () => {
  const file = { content: "one" };
  let reads = 0;
  let meddle = () => {};
  const load = defineNode({
    id: "Load",
    category: "",
    doc: "",
    inputs: { name: text() },
    outputs: { value: ANY },
    version: ({ name }) => {
      if (name === "gone") throw new Error("no such file");
      return file.content;
    },
    run: () => {
      reads++;
      meddle();
      return { value: file.content };
    },
  });
  const upper = defineNode({
    id: "Upper",
    category: "",
    doc: "",
    inputs: { value: any() },
    outputs: { value: ANY },
    run: ({ value: v }) => ({ value: String(v).toUpperCase() }),
  });
  const prompt = (name: string): Prompt => ({
    1: { class_type: "Load", inputs: { name } },
    2: { class_type: "Upper", inputs: { value: ["1", 0] } },
  });

  test("a changed file is read again, an unchanged one is not", async () => {
    const loads = await bench([load, upper]);
    const cache = memoryCache(1e6);
    const run = async () => (await loads.run(prompt("a"), { targets: ["2"], cache })).outputs.get("2");
    reads = 0;
    expect([await run(), await run()]).toEqual([[["ONE"]], [["ONE"]]]);
    expect(reads).toBe(1);
    file.content = "two";
    expect(await run()).toEqual([["TWO"]]);
  });

  test("a file that changes during the run poisons neither its own entry nor those that follow", async () => {
    const loads = await bench([load, upper]);
    const cache = memoryCache(1e6);
    file.content = "before";
    meddle = () => {
      file.content = "after";
    };
    await loads.run(prompt("a"), { targets: ["2"], cache });
    expect(cache.count()).toBe(0);
    meddle = () => {};
    file.content = "before";
    expect((await loads.run(prompt("a"), { targets: ["2"], cache })).outputs.get("2")).toEqual([["BEFORE"]]);
  });

  test("a version that throws lets the node run each time, and tell by itself", async () => {
    const loads = await bench([load, upper]);
    const cache = memoryCache(1e6);
    reads = 0;
    for (let i = 0; i < 2; i++) await loads.run(prompt("gone"), { targets: ["2"], cache });
    expect(reads).toBe(2);
  });
});
