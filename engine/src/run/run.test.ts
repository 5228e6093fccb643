import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { memoryCache } from "./cache.js";
import type { NodeEvent, RunEvent } from "./events.js";
import { any, grow, hidden, int, integer, lazy, optional, text } from "./inputs.js";
import { defineNode } from "./node.js";
import { NodeError } from "./node-error.js";
import type { Prompt } from "./prompt.js";
import { slots } from "./slots.js";
import { ANY, INT } from "./socket.js";

const add = defineNode({
  id: "Add",
  category: "",
  doc: "",
  inputs: { values: grow(int(), { prefix: "v" }) },
  outputs: { sum: INT },
  run: ({ values }) => ({ sum: values.reduce((a, b) => a + b, 0) }),
});
const slow = defineNode({
  id: "Slow",
  category: "",
  doc: "",
  inputs: { value: int(), turns: int() },
  outputs: { value: INT },
  run: async ({ value, turns }) => {
    for (let i = 0; i < turns; i++) await new Promise(setImmediate);
    return { value };
  },
});
const show = defineNode({
  id: "Show",
  category: "",
  doc: "",
  inputs: { value: any() },
  outputs: {},
  output: true,
  run: ({ value }, ctx) => {
    ctx.show({ text: [String(value)] });
    return {};
  },
});
const fails = defineNode({
  id: "Fails",
  category: "",
  doc: "",
  inputs: { after: optional(any()) },
  outputs: { value: ANY },
  run: async () => {
    throw new RangeError("out of luck");
  },
});

const of = (events: readonly RunEvent[], type: NodeEvent["type"]) =>
  events.flatMap((event) => (event.type !== "recalled" && event.type === type ? [event.node] : []));
const texts = (events: readonly RunEvent[]) =>
  events.flatMap((event) => ("shown" in event && event.shown ? (event.shown.text ?? []) : []));

/** A small generator of numbers in [0, 1), so that failures repeat. */
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

describe("order", () => {
  test("each step runs once, after what it reads, whatever the order of the prompt", async () => {
    const rig = await bench([add, show]);
    const prompt: Prompt = {
      a: { class_type: "Add", inputs: { "values.v0": 1 } },
      b: { class_type: "Add", inputs: { "values.v0": ["a", 0], "values.v1": ["a", 0] } },
      c: { class_type: "Add", inputs: { "values.v0": ["a", 0], "values.v1": ["b", 0] } },
      d: { class_type: "Show", inputs: { value: ["c", 0] } },
    };
    const ids = Object.keys(prompt);
    const next = random(1);
    for (let round = 0; round < 20; round++) {
      const shuffled = ids.toSorted(() => next() - 0.5);
      const { events } = await rig.run(Object.fromEntries(shuffled.map((id) => [id, prompt[id]!])));
      expect(of(events, "finished")).toEqual(["a", "b", "c", "d"]);
      expect(of(events, "started")).toHaveLength(4);
      expect(texts(events)).toEqual(["3"]);
    }
  });

  test("independent branches run at the same time, and one slot makes them take turns", async () => {
    let now = 0;
    let most = 0;
    const busy = (resources: string[]) =>
      defineNode({
        id: "Busy",
        category: "",
        doc: "",
        inputs: { value: int() },
        outputs: {},
        output: true,
        resources,
        run: async () => {
          most = Math.max(most, ++now);
          await new Promise(setImmediate);
          now--;
        },
      });
    const prompt = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`n${i}`, { class_type: "Busy", inputs: { value: i } }]),
    );
    await (await bench([busy([])])).run(prompt);
    expect(most).toBe(6);
    most = 0;
    await (await bench([busy(["gpu"])])).run(prompt, { slots: slots({ gpu: 2 }) });
    expect(most).toBe(2);
  });

  test("integers arrive as the kind their input declares, by literal and by link", async () => {
    const both = defineNode({
      id: "Both",
      category: "",
      doc: "",
      inputs: { big: integer(), small: int() },
      outputs: {},
      output: true,
      run: ({ big, small }, ctx) => {
        ctx.show({ text: [typeof big, typeof small] });
        return {};
      },
    });
    const give = defineNode({
      id: "Give",
      category: "",
      doc: "",
      inputs: { value: integer() },
      outputs: { big: INT, small: INT },
      run: ({ value }) => ({ big: value, small: Number(value) }),
    });
    const rig = await bench([both, give]);
    const run = async (value: unknown) =>
      texts(
        (
          await rig.run({
            1: { class_type: "Give", inputs: { value } },
            2: { class_type: "Both", inputs: { big: ["1", 1], small: ["1", 0] } },
            3: { class_type: "Both", inputs: { big: 5, small: 5n } },
          })
        ).events,
      );
    expect(await run(7)).toEqual(["bigint", "number", "bigint", "number"]);
    await expect(run(2n ** 60n)).rejects.toThrow(/input small takes integers up to 2\^53/);
  });

  test("hidden inputs are filled in, and dynamicPrompt shows a node its own ancestors only", async () => {
    const spy = defineNode({
      id: "Spy",
      category: "",
      doc: "",
      inputs: {
        value: any(),
        id: hidden.nodeId,
        graph: hidden.dynamicPrompt,
        whole: hidden.prompt,
        info: hidden.extraPngInfo,
      },
      outputs: {},
      output: true,
      run: async ({ id, graph, whole, info }, ctx) => {
        ctx.show({
          text: [
            id,
            (await graph.ids()).join(),
            (await graph.get("z"))?.class_type,
            Object.keys(whole ?? {}).length,
            info,
          ],
        });
      },
    });
    const rig = await bench([spy, add]);
    const { events } = await rig.run(
      {
        a: { class_type: "Add", inputs: {} },
        z: { class_type: "Add", inputs: {} },
        s: { class_type: "Spy", inputs: { value: ["a", 0] } },
      },
      { extraPngInfo: { workflow: 1 } },
    );
    expect(texts(events)).toEqual(["s", "s,a", undefined, 3, { workflow: 1 }]);
  });
});

describe("laziness", () => {
  const pick = defineNode({
    id: "Pick",
    category: "",
    doc: "",
    inputs: { which: int(), a: lazy(any()), b: lazy(any()) },
    outputs: { value: ANY },
    resources: ["gpu"],
    run: async ({ which, a, b }) => {
      if (which === 2) return { value: (await Promise.all([a(), b()])).join() };
      return { value: await (which === 0 ? a() : b()) };
    },
  });

  test("an input nobody asks for never runs, and a failing one fails nobody", async () => {
    const rig = await bench([pick, show, fails, slow]);
    const { events } = await rig.run({
      no: { class_type: "Fails", inputs: {} },
      yes: { class_type: "Slow", inputs: { value: 7, turns: 1 } },
      pick: { class_type: "Pick", inputs: { which: 1, a: ["no", 0], b: ["yes", 0] } },
      show: { class_type: "Show", inputs: { value: ["pick", 0] } },
    });
    expect(texts(events)).toEqual(["7"]);
    expect(of(events, "started")).not.toContain("no");
  });

  test("two lazy inputs at once with one slot: neither a deadlock nor two holders", async () => {
    let now = 0;
    let most = 0;
    const holder = defineNode({
      ...slow,
      id: "Holder",
      resources: ["gpu", "cpu"],
      run: async (inputs, ctx) => {
        most = Math.max(most, ++now);
        const result = await slow.run(inputs, ctx);
        now--;
        return result;
      },
    });
    const rig = await bench([pick, show, holder]);
    const { events } = await rig.run({
      up: { class_type: "Holder", inputs: { value: 1, turns: 3 } },
      a: { class_type: "Holder", inputs: { value: 1, turns: 1 } },
      b: { class_type: "Holder", inputs: { value: ["up", 0], turns: 5 } },
      pick: { class_type: "Pick", inputs: { which: 2, a: ["a", 0], b: ["b", 0] } },
      again: { class_type: "Pick", inputs: { which: 2, a: ["pick", 0], b: ["b", 0] } },
      show: { class_type: "Show", inputs: { value: ["again", 0] } },
    });
    expect(texts(events)).toEqual(["1,1,1"]);
    expect(most).toBe(1);
  });

  test("in random graphs of lazy nodes no resource is ever held more often than it has slots, and all end", async () => {
    const held = new Map<string, number>();
    let most = 0;
    const work = async (names: readonly string[], turns: number) => {
      for (const name of names) held.set(name, (held.get(name) ?? 0) + 1);
      most = Math.max(most, ...held.values());
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      for (const name of names) held.set(name, held.get(name)! - 1);
    };
    const kinds = [["gpu"], ["cpu"], ["gpu", "cpu"], ["cpu", "net:x"]].map((resources, i) =>
      defineNode({
        id: `Kind${i}`,
        category: "",
        doc: "",
        inputs: { eager: optional(any()), a: optional(lazy(any())), b: optional(lazy(any())), seed: int() },
        outputs: { value: INT },
        output: true,
        resources,
        run: async ({ a, b, seed }) => {
          await work(resources, seed % 3);
          if (seed % 2) await Promise.all([a?.(), b?.()]);
          else if (seed % 5) await a?.();
          await work(resources, seed % 2);
          return { value: seed };
        },
      }),
    );
    const rig = await bench(kinds);
    for (let seed = 1; seed <= 25; seed++) {
      const next = random(seed);
      const prompt: Record<string, Prompt[string]> = {};
      for (let i = 0; i < 30; i++) {
        const source = () => (i > 0 && next() < 0.7 ? { link: [`n${Math.floor(next() * i)}`, 0] } : {});
        const inputs: Record<string, unknown> = { seed: Math.floor(next() * 100) };
        for (const name of ["eager", "a", "b"]) {
          const { link } = source() as { link?: unknown };
          if (link) inputs[name] = link;
        }
        prompt[`n${i}`] = { class_type: `Kind${Math.floor(next() * kinds.length)}`, inputs };
      }
      const { events } = await rig.run(prompt);
      expect(of(events, "finished")).toHaveLength(30);
    }
    expect(most).toBe(1);
  });
});

describe("failure", () => {
  test("names the node, its title and the cause, and stops what has not begun", async () => {
    const rig = await bench([fails, show, slow]);
    const cache = memoryCache(1e6);
    const prompt: Prompt = {
      first: { class_type: "Slow", inputs: { value: 1, turns: 0 } },
      bad: { class_type: "Fails", inputs: { after: ["first", 0] }, _meta: { title: "the bad one" } },
      long: { class_type: "Slow", inputs: { value: 3, turns: 5 } },
      after: { class_type: "Slow", inputs: { value: ["long", 0], turns: 0 } },
      show: { class_type: "Show", inputs: { value: ["bad", 0] } },
      other: { class_type: "Show", inputs: { value: ["after", 0] } },
    };
    const events: RunEvent[] = [];
    const error = await rig.run(prompt, { cache, emit: (event) => events.push(event) }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ node: "bad", classType: "Fails", title: "the bad one", display: "bad" });
    expect((error as NodeError).message).toBe('Fails "the bad one" (node bad): out of luck');
    expect((error as NodeError).cause).toBeInstanceOf(RangeError);
    expect(of(events, "started")).not.toContain("after");
    // What finished before is cached.
    const again: RunEvent[] = [];
    await rig.run(prompt, { cache, emit: (event) => again.push(event) }).catch(() => {});
    expect(of(again, "cached")).toContain("first");
  });

  test("the run ends only when everything that runs has ended", async () => {
    let running = 0;
    const stubborn = defineNode({
      ...slow,
      id: "Stubborn",
      run: async (inputs, ctx) => {
        running++;
        const result = await slow.run(inputs, ctx);
        running--;
        return result;
      },
    });
    const rig = await bench([fails, show, stubborn]);
    await expect(
      rig.run({
        1: { class_type: "Stubborn", inputs: { value: 1, turns: 20 } },
        2: { class_type: "Fails", inputs: {} },
        3: { class_type: "Show", inputs: { value: ["1", 0] } },
        4: { class_type: "Show", inputs: { value: ["2", 0] } },
      }),
    ).rejects.toThrow("out of luck");
    expect(running).toBe(0);
  });

  test("a lazy input that fails and is not waited for does not escape", async () => {
    const careless = defineNode({
      id: "Careless",
      category: "",
      doc: "",
      inputs: { a: lazy(any()) },
      outputs: {},
      output: true,
      run: async ({ a }) => {
        void a();
        await sleep(5);
      },
    });
    const rig = await bench([careless, fails]);
    await expect(
      rig.run({ 1: { class_type: "Fails", inputs: {} }, 2: { class_type: "Careless", inputs: { a: ["1", 0] } } }),
    ).rejects.toThrow("out of luck");
  });

  test.each([
    [() => ({ value: 1, extra: 2 }), 'returned "extra"'],
    [() => ({}), 'no output "value"'],
    [() => undefined, "returned undefined"],
    [() => 5, "returned 5"],
  ])("an output that was not declared, or is missing, is told: %o", async (result, reason) => {
    const wrong = defineNode({
      id: "Wrong",
      category: "",
      doc: "",
      inputs: {},
      outputs: { value: ANY },
      output: true,
      run: result as never,
    });
    await expect((await bench([wrong])).run({ 1: { class_type: "Wrong", inputs: {} } })).rejects.toThrow(reason);
  });

  test("a node without outputs may return nothing, but nothing else", async () => {
    const quiet = (result: unknown) =>
      defineNode({
        id: "Quiet",
        category: "",
        doc: "",
        inputs: {},
        outputs: {},
        output: true,
        run: () => result as never,
      });
    const prompt = { 1: { class_type: "Quiet", inputs: {} } };
    await (await bench([quiet(undefined)])).run(prompt);
    await expect((await bench([quiet({ a: 1 })])).run(prompt)).rejects.toThrow('returned "a"');
  });
});

describe("abort", () => {
  test("rejects with the reason, and an early return is not cached", async () => {
    const controller = new AbortController();
    const polite = defineNode({
      id: "Polite",
      category: "",
      doc: "",
      inputs: {},
      outputs: { value: ANY },
      output: true,
      run: async (_, { signal }) => {
        controller.abort(new Error("enough"));
        return { value: signal.aborted };
      },
    });
    const rig = await bench([polite]);
    const cache = memoryCache(1e6);
    const prompt = { 1: { class_type: "Polite", inputs: {} } };
    await expect(rig.run(prompt, { cache, signal: controller.signal })).rejects.toThrow("enough");
    expect(cache.count()).toBe(0);
    await expect(rig.run(prompt, { signal: controller.signal })).rejects.toThrow("enough");
  });

  test("gets its turn between steps that never wait", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 1);
    const spin = defineNode({
      ...add,
      id: "Spin",
      run: (inputs, ctx) => {
        const end = performance.now() + 5;
        while (performance.now() < end);
        return add.run(inputs, ctx);
      },
    });
    const rig = await bench([spin]);
    const prompt: Record<string, Prompt[string]> = {};
    for (let i = 0; i < 200; i++)
      prompt[`n${i}`] = { class_type: "Spin", inputs: i ? { "values.v0": [`n${i - 1}`, 0] } : {} };
    const events: RunEvent[] = [];
    const ended = rig.run(prompt, {
      targets: ["n199"],
      signal: controller.signal,
      emit: (event) => events.push(event),
    });
    await expect(ended).rejects.toThrow("enough");
    expect(of(events, "finished").length).toBeLessThan(100);
  });

  test("ends only when what ran has ended, whoever waited for its slots", async () => {
    let running = 0;
    const holding = (id: string, resources: readonly string[], ms: number) =>
      defineNode({
        id,
        category: "",
        doc: "",
        inputs: {},
        outputs: {},
        output: true,
        resources,
        run: async () => {
          running++;
          await sleep(ms);
          running--;
          return {};
        },
      });
    const rig = await bench([
      holding("Hold", ["gpu"], 80),
      holding("Both", ["gpu", "cpu"], 1),
      holding("Cpu", ["cpu"], 1),
    ]);
    const controller = new AbortController();
    const node = (class_type: string) => ({ class_type, inputs: {} });
    const ended = rig.run({ 1: node("Hold"), 2: node("Both"), 3: node("Cpu") }, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stop")), 20);
    await expect(ended).rejects.toThrow("stop");
    expect(running).toBe(0);
  });

  test("frees those who wait for slots", async () => {
    const controller = new AbortController();
    const pool = slots({ gpu: 1 });
    const gpu = defineNode({ ...slow, id: "Gpu", output: true, resources: ["gpu"], outputs: { value: INT } });
    const rig = await bench([gpu]);
    const prompt = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`n${i}`, { class_type: "Gpu", inputs: { value: i, turns: 3 } }]),
    );
    const ended = rig.run(prompt, { slots: pool, signal: controller.signal });
    setImmediate(() => controller.abort(new Error("enough")));
    await expect(ended).rejects.toThrow("enough");
    const { events } = await rig.run(prompt, { slots: pool });
    expect(of(events, "finished")).toHaveLength(5);
  });
});

describe("scale", () => {
  const count = 10_000;

  test("a chain of 10,000", async () => {
    const rig = await bench([add, slow]);
    const prompt: Record<string, Prompt[string]> = { n0: { class_type: "Add", inputs: { "values.v0": 1 } } };
    for (let i = 1; i < count; i++)
      prompt[`n${i}`] =
        i % 100 === 0
          ? { class_type: "Slow", inputs: { value: [`n${i - 1}`, 0], turns: 0 } }
          : { class_type: "Add", inputs: { "values.v0": [`n${i - 1}`, 0] } };
    const { outputs } = await rig.run(prompt, { targets: [`n${count - 1}`] });
    expect(outputs.get(`n${count - 1}`)).toEqual([[1]]);
  });

  test("a fan of 10,000 that waits for one slot", async () => {
    const gpu = defineNode({ ...add, id: "Gpu", resources: ["gpu"] });
    const rig = await bench([gpu, { ...add, inputs: { values: grow(int(), { prefix: "v", max: count }) } }]);
    const prompt: Record<string, Prompt[string]> = { one: { class_type: "Gpu", inputs: { "values.v0": 1 } } };
    const inputs: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      prompt[`n${i}`] = { class_type: "Gpu", inputs: { "values.v0": ["one", 0], "values.v1": i } };
      inputs[`values.v${i}`] = [`n${i}`, 0];
    }
    prompt.all = { class_type: "Add", inputs };
    const { outputs } = await rig.run(prompt, { targets: ["all"] });
    expect(outputs.get("all")).toEqual([[(count * (count - 1)) / 2 + count]]);
  });

  test("a chain of 2,000 lazy inputs", async () => {
    const later = defineNode({
      id: "Later",
      category: "",
      doc: "",
      inputs: { value: lazy(int()) },
      outputs: { value: INT },
      resources: ["gpu"],
      run: async ({ value }) => ({ value: await value() }),
    });
    const rig = await bench([later]);
    const prompt: Record<string, Prompt[string]> = { n0: { class_type: "Later", inputs: { value: 1 } } };
    for (let i = 1; i < 2000; i++) prompt[`n${i}`] = { class_type: "Later", inputs: { value: [`n${i - 1}`, 0] } };
    expect((await rig.run(prompt, { targets: ["n1999"] })).outputs.get("n1999")).toEqual([[1]]);
  });
});

describe("memory", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const registered = new Set<number>();
  const registry = new FinalizationRegistry((id: number) => registered.delete(id));
  const make = defineNode({
    id: "Make",
    category: "",
    doc: "",
    inputs: { from: optional(any()), id: int() },
    outputs: { value: ANY },
    run: async ({ id }) => {
      const value = { id };
      registered.add(id);
      registry.register(value, id);
      return { value };
    },
  });
  const collect = defineNode({
    id: "Collect",
    category: "",
    doc: "",
    inputs: { from: any() },
    outputs: {},
    output: true,
    run: async (_, ctx) => {
      for (let i = 0; i < 20; i++) {
        gc();
        await sleep(5);
      }
      ctx.show({ text: [String(registered.size)] });
    },
  });

  test("what nobody will read any more is let go during the run", async () => {
    const rig = await bench([make, collect]);
    const prompt: Record<string, Prompt[string]> = { n0: { class_type: "Make", inputs: { id: 0 } } };
    for (let i = 1; i < 50; i++) prompt[`n${i}`] = { class_type: "Make", inputs: { id: i, from: [`n${i - 1}`, 0] } };
    prompt.end = { class_type: "Collect", inputs: { from: ["n49", 0] } };
    const { events } = await rig.run(prompt);
    expect(Number(texts(events)[0])).toBeLessThan(5);
  });
});

describe("what a node tells", () => {
  test("progress, previews only when watched, and what it shows; nothing after its end", async () => {
    let late = () => {};
    const teller = defineNode({
      id: "Teller",
      category: "",
      doc: "",
      inputs: { name: text() },
      outputs: {},
      output: true,
      run: (_, ctx) => {
        ctx.progress(1, 2);
        ctx.preview?.({ mime: "image/png", bytes: new Uint8Array(1) });
        ctx.show({ text: ["a"] });
        ctx.show({ text: ["b"], images: [1] });
        late = () => ctx.progress(2, 2);
        return {};
      },
    });
    const rig = await bench([teller]);
    const prompt = { 1: { class_type: "Teller", inputs: { name: "" } } };
    const { events } = await rig.run(prompt, { previews: true });
    late();
    expect(events.map(({ type }) => type)).toEqual(["started", "progress", "preview", "finished"]);
    expect(events[1]).toEqual({ type: "progress", node: "1", display: "1", done: 1, total: 2 });
    expect(events[3]).toMatchObject({ shown: { text: ["a", "b"], images: [1] } });
    expect((await rig.run(prompt)).events.map(({ type }) => type)).toEqual(["started", "progress", "finished"]);
  });

  test("what it delivers reaches who follows the run, whether or not they watch previews", async () => {
    const courier = defineNode({
      id: "Courier",
      category: "",
      doc: "",
      inputs: {},
      outputs: {},
      output: true,
      run: (_, ctx) => {
        ctx.preview?.({ mime: "image/jpeg", bytes: Uint8Array.of(1) });
        ctx.deliver?.({ mime: "image/png", bytes: Uint8Array.of(2) });
        return {};
      },
    });
    const rig = await bench([courier]);
    const prompt = { 1: { class_type: "Courier", inputs: {} } };
    const delivered = { type: "preview", preview: { mime: "image/png", bytes: Uint8Array.of(2), delivered: true } };
    const { events } = await rig.run(prompt, { previews: false, followed: () => true });
    expect(events).toEqual([
      expect.objectContaining({ type: "started" }),
      expect.objectContaining(delivered),
      expect.objectContaining({ type: "finished" }),
    ]);
    expect((await rig.run(prompt)).events.map(({ type }) => type)).toEqual(["started", "finished"]);
  });
});
