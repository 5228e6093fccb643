import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { block } from "./blocker.js";
import { type Entry, memoryCache } from "./cache.js";
import { diskCache, tieredCache } from "./disk-cache.js";
import { any, int } from "./inputs.js";
import { defineNode } from "./node.js";
import { sizeOf } from "./size.js";
import { ANY, INT, socket } from "./socket.js";

const entry = (...values: unknown[]): Entry => ({ outputs: [values], shown: undefined });
const durable = { durable: true };
const mb = (n = 1) => new Float32Array(n * 250_000);

describe("size", () => {
  test("buffers, strings and containers count, and what is shared counts once", () => {
    const data = mb();
    const one = sizeOf(entry({ dims: [1], data }), 1e12);
    expect(one).toBeGreaterThan(1e6);
    expect(one).toBeLessThan(1.01e6);
    expect(sizeOf(entry({ data }, { data }, data.subarray(0, 4)), 1e12)).toBeLessThan(1.01e6);
    expect(sizeOf(entry("x".repeat(1000)), 1e12)).toBeGreaterThan(1000);
    expect(sizeOf(entry(new Map([["a", mb()]]), new Set([mb()])), 1e12)).toBeGreaterThan(2e6);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(sizeOf(entry(loop), 1e12)).toBeLessThan(1000);
  });
});

describe("memory cache", () => {
  test("never holds more than its bytes, and drops what was used longest ago", () => {
    const cache = memoryCache(3.5e6);
    for (const key of ["a", "b", "c"]) cache.set(key, entry(mb()), durable);
    cache.get("a");
    cache.set("d", entry(mb()), durable);
    expect(["a", "b", "c", "d"].filter((key) => cache.get(key))).toEqual(["a", "c", "d"]);
    expect(cache.size()).toBeLessThanOrEqual(3.5e6);
    cache.set("huge", entry(mb(4)), durable);
    expect(cache.get("huge")).toBeUndefined();
    expect(cache.count()).toBe(3);
  });

  test("keeps what is pinned until the last unpin", () => {
    const cache = memoryCache(1.5e6);
    cache.set("a", entry(mb()), durable);
    cache.pin("a");
    cache.pin("a");
    cache.set("b", entry(mb()), durable);
    cache.clear();
    expect(cache.get("a")).toBeDefined();
    cache.unpin("a");
    expect(cache.get("a")).toBeDefined();
    cache.unpin("a");
    cache.set("b", entry(mb()), durable);
    expect(cache.get("a")).toBeUndefined();
    expect(cache.get("b")).toBeDefined();
    cache.unpin("nothing");
  });

  test("sizes add up after replacing and clearing", () => {
    const cache = memoryCache(1e7);
    cache.set("a", entry(mb()), durable);
    cache.set("a", entry(1), durable);
    expect(cache.size()).toBeLessThan(1e4);
    cache.clear();
    expect(cache.size()).toBe(0);
  });
});

describe("disk cache", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "steps-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const key = (letter: string) => letter.repeat(64);
  const value = { dims: [1, 2], data: new Float32Array([1, 2]), seed: 2n ** 63n };

  test("gives back what it was given, in another process too", async () => {
    const cache = await diskCache(folder, 1e6);
    cache.set(key("a"), { outputs: [[value]], shown: { text: ["x"] } }, durable);
    await cache.flush();
    const other = await diskCache(folder, 1e6);
    expect(await other.load?.(key("a"))).toEqual({ outputs: [[value]], shown: { text: ["x"] } });
    expect(other.load?.(key("b"))).toBeUndefined();
    expect(other.size()).toBe(cache.size());
    expect(readdirSync(folder)).toEqual([key("a")]);
  });

  test.each([
    ["cut", (file: string) => truncateSync(file, 60)],
    ["emptied", (file: string) => truncateSync(file, 0)],
    ["changed", (file: string) => writeFileSync(file, readFileSync(file).fill(1, 80, 81))],
    ["foreign", (file: string) => writeFileSync(file, "hello")],
    ["gone", (file: string) => rmSync(file)],
  ])("a file that is %s counts as absent, and is removed", async (_, damage) => {
    const cache = await diskCache(folder, 1e6);
    cache.set(key("a"), entry(value), durable);
    await cache.flush();
    damage(join(folder, key("a")));
    expect(await cache.load?.(key("a"))).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
    expect(cache.size()).toBe(0);
    cache.set(key("a"), entry(value), durable);
    await cache.flush();
    expect(await cache.load?.(key("a"))).toEqual(entry(value));
  });

  test("stays within its bytes", async () => {
    const cache = await diskCache(folder, 2.5e6);
    for (const letter of ["a", "b", "c"]) {
      cache.set(key(letter), entry(mb()), durable);
      await cache.flush();
    }
    expect(readdirSync(folder).toSorted()).toEqual([key("b"), key("c")]);
    expect(cache.size()).toBeLessThan(2.5e6);
  });

  test("takes only what is durable, serialisable, and named like a hash", async () => {
    const cache = await diskCache(folder, 1e6);
    cache.set(key("a"), entry(1), { durable: false });
    cache.set(
      key("b"),
      entry(() => 1),
      durable,
    );
    cache.set(key("d"), entry(new (class Method {})()), durable);
    cache.set(key("e"), entry(block()), durable);
    cache.set(`~${key("c")}`, entry(1), durable);
    cache.set("../escape", entry(1), durable);
    await cache.flush();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a run finds on disk what an earlier process computed; effects, local values and blockers are not there", async () => {
    let ran = 0;
    const LOCAL = socket<() => number>("LOCAL", { local: true });
    const nodes = [
      defineNode({
        id: "Make",
        category: "",
        doc: "",
        inputs: { value: int() },
        outputs: { value: INT },
        run: ({ value }) => ({ value: value + ++ran * 0 }),
      }),
      defineNode({
        id: "Stop",
        category: "",
        doc: "",
        inputs: {},
        outputs: { value: ANY },
        run: () => ({ value: block() }),
      }),
      defineNode({
        id: "Local",
        category: "",
        doc: "",
        inputs: { value: int() },
        outputs: { value: LOCAL },
        run: ({ value }) => ({ value: () => value }),
      }),
      defineNode({
        id: "Clock",
        category: "",
        doc: "",
        inputs: {},
        outputs: { value: INT },
        version: () => "~now",
        run: () => ({ value: 1 }),
      }),
      defineNode({
        id: "Save",
        category: "",
        doc: "",
        inputs: { value: any() },
        outputs: {},
        output: true,
        run: ({ value }, ctx) => {
          ctx.show({ saved: [String(value)] });
          return {};
        },
      }),
    ];
    const rig = await bench(nodes);
    const prompt = {
      1: { class_type: "Make", inputs: { value: 5 } },
      2: { class_type: "Make", inputs: { value: ["1", 0] } },
      3: { class_type: "Save", inputs: { value: ["2", 0] } },
      4: { class_type: "Stop", inputs: {} },
      5: { class_type: "Save", inputs: { value: ["4", 0] } },
      6: { class_type: "Local", inputs: { value: 1 } },
      7: { class_type: "Save", inputs: { value: ["6", 0] } },
      8: { class_type: "Clock", inputs: {} },
      9: { class_type: "Save", inputs: { value: ["8", 0] } },
    };
    const disk = await diskCache(folder, 1e6);
    await rig.run(prompt, { cache: tieredCache(memoryCache(1e6), disk) });
    await disk.flush();
    expect(readdirSync(folder)).toHaveLength(2);
    expect(ran).toBe(2);
    const memory = memoryCache(1e6);
    const { events } = await rig.run(prompt, { cache: tieredCache(memory, await diskCache(folder, 1e6)) });
    expect(ran).toBe(2);
    const types = events
      .filter(({ node }) => ["1", "2", "3"].includes(node))
      .map(({ type, node }) => `${type} ${node}`);
    expect(types).toEqual(["cached 2", "started 3", "finished 3"]);
  });
});
