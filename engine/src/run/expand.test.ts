import { describe, expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { block, isBlocker } from "./blocker.js";
import { memoryCache } from "./cache.js";
import type { NodeEvent } from "./events.js";
import { Constant, Expansion } from "./expansion.js";
import { any, hidden, int, text } from "./inputs.js";
import { defineNode, type NodeType } from "./node.js";
import type { Prompt } from "./prompt.js";
import { ANY, each, INT } from "./socket.js";

const add = defineNode({
  id: "Add",
  category: "",
  doc: "",
  inputs: { a: int(), b: int() },
  outputs: { sum: INT },
  resources: ["gpu"],
  run: ({ a, b }) => ({ sum: a + b }),
});
const loop = defineNode({
  id: "Loop",
  category: "",
  doc: "",
  inputs: { start: any(), count: int(), by: int() },
  outputs: { value: ANY },
  resources: ["gpu"],
  run: async ({ start, count, by }, ctx) => {
    let value: unknown = new Constant(start);
    for (let i = 0; i < count; i++) {
      const graph = new Expansion({ add: { class_type: "Add", inputs: { a: value, b: by } } }, { value: ["add", 0] });
      const got = await ctx.expand(graph);
      if (isBlocker(got.value)) return { value: got.value };
      value = got.value;
    }
    return { value };
  },
});
/** Countdown by recursion: each step expands to the next. */
const recur = defineNode({
  id: "Recur",
  category: "",
  doc: "",
  inputs: { count: int(), value: any() },
  outputs: { value: ANY },
  resources: ["gpu"],
  run: ({ count, value }) =>
    count === 0
      ? { value }
      : new Expansion(
          {
            add: { class_type: "Add", inputs: { a: new Constant(value), b: 1 } },
            next: { class_type: "Recur", inputs: { count: count - 1, value: ["add", 0] } },
          },
          { value: ["next", 0] },
        ),
});
const save = defineNode({
  id: "Save",
  category: "",
  doc: "",
  inputs: { value: any() },
  outputs: {},
  output: true,
  run: ({ value }, ctx) => {
    ctx.show({ saved: [value] });
    return {};
  },
});
const items = defineNode({
  id: "Items",
  category: "",
  doc: "",
  inputs: { count: int() },
  outputs: { items: each(INT) },
  run: ({ count }) => ({ items: Array.from({ length: count }, (_, i) => i) }),
});
const blocks = defineNode({
  id: "Blocks",
  category: "",
  doc: "",
  inputs: {},
  outputs: { value: ANY },
  run: () => ({ value: block("halt") }),
});
const nodes: NodeType[] = [add, loop, recur, save, items, blocks];

/** A node that returns one fixed expansion. */
const expander = (graph: Expansion<{ value: unknown }>, more: Partial<NodeType> = {}) =>
  defineNode({
    id: "Expander",
    category: "",
    doc: "",
    inputs: { value: any() },
    outputs: { value: ANY },
    run: () => graph,
    ...more,
  }) as NodeType;
const node = (class_type: string, inputs: object = {}) => ({ class_type, inputs: inputs as Record<string, unknown> });
const of = (events: readonly NodeEvent[], type: NodeEvent["type"]) =>
  events.filter((event) => event.type === type).map((event) => event.node);

describe("ctx.expand", () => {
  test("10,000 turns of a loop, with one slot that the loop itself needs", async () => {
    const rig = await bench(nodes);
    const { outputs } = await rig.run(
      { loop: node("Loop", { start: 0, count: 10_000, by: 2 }) },
      { targets: ["loop"] },
    );
    expect(outputs.get("loop")).toEqual([[20_000]]);
  });

  test("children tell where they belong, and are cached by what they compute", async () => {
    const rig = await bench(nodes);
    const cache = memoryCache(1e7);
    const prompt = (count: number) => ({ loop: node("Loop", { start: 5, count, by: 1 }) });
    const first = await rig.run(prompt(3), { targets: ["loop"], cache });
    expect(first.events[1]).toEqual({ type: "started", node: "loop/0/add", display: "loop", parent: "loop" });
    expect(of((await rig.run(prompt(3), { targets: ["loop"], cache })).events, "cached")).toEqual(["loop"]);
  });

  test("a value keeps its key on its way through loops: equal work is done once", async () => {
    let ran = 0;
    const counted = defineNode({
      ...add,
      run: (inputs, ctx) => {
        ran++;
        return add.run(inputs, ctx);
      },
    });
    const twice = defineNode({
      id: "Twice",
      category: "",
      doc: "",
      inputs: { tag: text() },
      outputs: { value: ANY },
      run: async (_, ctx) => {
        const one = new Expansion({ add: node("Add", { a: 1, b: 2 }) }, { v: ["add", 0] });
        const { v } = await ctx.expand(one);
        const next = await ctx.expand(new Expansion({ add: node("Add", { a: v, b: 3 }) }, { v: ["add", 0] }));
        return { value: next.v };
      },
    });
    const rig = await bench([counted, twice]);
    const prompt = { a: node("Twice", { tag: "a" }), b: node("Twice", { tag: "b" }) };
    const { outputs } = await rig.run(prompt, { targets: ["a"], cache: memoryCache(1e6) });
    expect(outputs.get("a")).toEqual([[6]]);
    expect(ran).toBe(2);
    const cache = memoryCache(1e6);
    await rig.run(prompt, { targets: ["a"], cache });
    await rig.run(prompt, { targets: ["b"], cache });
    expect(ran).toBe(4);
  });

  test("lists go in and come out as lists, blockers as blockers", async () => {
    const rig = await bench(nodes);
    const { outputs } = await rig.run(
      {
        items: node("Items", { count: 3 }),
        each: node("Loop", { start: ["items", 0], count: 2, by: 10 }),
      },
      { targets: ["each"] },
    );
    expect(outputs.get("each")).toEqual([[20, 21, 22]]);
    const inside = defineNode({
      id: "Inside",
      category: "",
      doc: "",
      inputs: {},
      outputs: { value: ANY },
      run: async (_, ctx) => {
        const { list } = await ctx.expand(
          new Expansion({ items: node("Items", { count: 3 }) }, { list: ["items", 0] }),
        );
        const { sums } = await ctx.expand(new Expansion({ add: node("Add", { a: list, b: 1 }) }, { sums: ["add", 0] }));
        const { halt } = await ctx.expand(new Expansion({ no: node("Blocks") }, { halt: ["no", 0] }));
        expect(isBlocker(halt)).toBe(true);
        return { value: sums };
      },
    });
    const more = await (await bench([...nodes, inside])).run({ i: node("Inside") }, { targets: ["i"] });
    expect(more.outputs.get("i")).toEqual([[1, 2, 3]]);
  });

  test("two at once", async () => {
    const both = defineNode({
      id: "Both",
      category: "",
      doc: "",
      inputs: {},
      outputs: { value: ANY },
      resources: ["gpu"],
      run: async (_, ctx) => {
        const one = (b: number) =>
          ctx.expand(new Expansion({ x: node("Loop", { start: 1, count: 2, by: b }) }, { v: ["x", 0] }));
        const [p, q] = await Promise.all([one(1), one(10)]);
        return { value: `${isBlocker(p.v) || p.v.value},${isBlocker(q.v) || q.v.value}` };
      },
    });
    const rig = await bench([...nodes, both]);
    expect((await rig.run({ b: node("Both") }, { targets: ["b"] })).outputs.get("b")).toEqual([["3,21"]]);
  });
});

describe("a returned expansion", () => {
  test("recursion of 300 levels, each holding the one slot when it begins", async () => {
    const rig = await bench(nodes);
    const { outputs } = await rig.run({ r: node("Recur", { count: 300, value: 0 }) }, { targets: ["r"] });
    expect(outputs.get("r")).toEqual([[300]]);
  });

  test("mapped calls that all expand do not collide, and their values are in order", async () => {
    const rig = await bench(nodes);
    const prompt = { items: node("Items", { count: 4 }), r: node("Recur", { count: ["items", 0], value: 10 }) };
    expect((await rig.run(prompt, { targets: ["r"] })).outputs.get("r")).toEqual([[10, 11, 12, 13]]);
  });

  test("output nodes inside run, though no output needs them", async () => {
    const graph = new Expansion({ s: node("Save", { value: 7 }) }, { value: new Constant(1) });
    const rig = await bench([...nodes, expander(graph)]);
    const cache = memoryCache(1e6);
    const { events, outputs } = await rig.run({ e: node("Expander", { value: 0 }) }, { targets: ["e"], cache });
    expect(events.find((event) => event.node === "e/0/s" && event.type === "finished")).toMatchObject({
      display: "e",
      shown: { saved: [7] },
    });
    expect(outputs.get("e")).toEqual([[1]]);
  });

  test("may read what its node depends on by its own id, and nothing else", async () => {
    const graph = new Expansion({ add: node("Add", { a: ["src", 0], b: 1 }) }, { value: ["add", 0] });
    const rig = await bench([...nodes, expander(graph)]);
    const prompt: Prompt = {
      src: node("Add", { a: 1, b: 1 }),
      e: node("Expander", { value: ["src", 0] }),
    };
    expect((await rig.run(prompt, { targets: ["e"] })).outputs.get("e")).toEqual([[3]]);
    const apart = { ...prompt, e: node("Expander", { value: 1 }) };
    await expect(rig.run(apart, { targets: ["e", "src"] })).rejects.toThrow(
      /Expander \(node e\): .*linked to node "src"/,
    );
  });

  test.each<[string, Expansion<{ value: unknown }>, RegExp]>([
    ["itself", new Expansion({ add: node("Add", { a: ["e", 0], b: 1 }) }, { value: ["add", 0] }), /dependency cycle/],
    [
      "a circle inside",
      new Expansion(
        { x: node("Add", { a: ["y", 0], b: 1 }), y: node("Add", { a: ["x", 0], b: 1 }) },
        { value: ["x", 0] },
      ),
      /in a circle: e\/0\/x → e\/0\/y/,
    ],
    [
      "what reads it",
      new Expansion({ add: node("Add", { a: ["after", 0], b: 1 }) }, { value: ["add", 0] }),
      /dependency cycle/,
    ],
    ["an unknown class", new Expansion({ x: node("Ad", {}) }, { value: ["x", 0] }), /did you mean Add/],
    [
      "a wrong input",
      new Expansion({ x: node("Add", { a: "no", b: 1 }) }, { value: ["x", 0] }),
      /input a: "no" is not an integer/,
    ],
    ["a wrong slot", new Expansion({ x: node("Add", { a: 1, b: 1 }) }, { value: ["x", 4] }), /output 4/],
    ["a missing output", new Expansion({}, {} as never), /no output "value"/],
    ["nowhere", new Expansion({}, { value: ["nowhere", 0] }), /nowhere/],
    [
      "a name of Object",
      new Expansion({ x: node("Add", { a: ["constructor", 0], b: 1 }) }, { value: ["x", 0] }),
      /constructor/,
    ],
  ])("linked to %s is refused, with the node named", async (_, graph, reason) => {
    const rig = await bench([...nodes, expander(graph)]);
    const prompt = { e: node("Expander", { value: 0 }), after: node("Add", { a: ["e", 0], b: 1 }) };
    const ended = rig.run(prompt, { targets: ["after"] });
    await expect(ended).rejects.toMatchObject({ node: "e" });
    await expect(rig.run(prompt, { targets: ["after"] })).rejects.toThrow(reason);
  });

  test("an id that the prompt already has is refused", async () => {
    const graph = new Expansion({ s: node("Save", { value: 7 }) }, { value: new Constant(1) });
    const rig = await bench([...nodes, expander(graph)]);
    const prompt = { e: node("Expander", { value: 0 }), "e/0/s": node("Add", { a: 1, b: 1 }) };
    await expect(rig.run(prompt, { targets: ["e"] })).rejects.toThrow("second node e/0/s");
  });

  test("a chain of 10,000 inside one expansion", async () => {
    const calls: Record<string, Prompt[string]> = { n0: node("Add", { a: 0, b: 1 }) };
    for (let i = 1; i < 10_000; i++) calls[`n${i}`] = node("Add", { a: [`n${i - 1}`, 0], b: 1 });
    const rig = await bench([...nodes, expander(new Expansion(calls, { value: ["n9999", 0] }))]);
    const { outputs } = await rig.run({ e: node("Expander", { value: 0 }) }, { targets: ["e"] });
    expect(outputs.get("e")).toEqual([[10_000]]);
  });

  test("a child that fails is the node that is named, shown on the user's node", async () => {
    const bad = defineNode({
      id: "Bad",
      category: "",
      doc: "",
      inputs: {},
      outputs: { value: ANY },
      run: () => {
        throw new Error("bang");
      },
    });
    const rig = await bench([...nodes, bad, expander(new Expansion({ x: node("Bad") }, { value: ["x", 0] }))]);
    const ended = rig.run({ e: node("Expander", { value: 0 }) }, { targets: ["e"] });
    await expect(ended).rejects.toMatchObject({ node: "e/0/x", display: "e", classType: "Bad" });
  });

  test("children see their own ancestors, by ids that the graph knows", async () => {
    const spy = defineNode({
      id: "Spy",
      category: "",
      doc: "",
      inputs: { value: any(), graph: hidden.dynamicPrompt },
      outputs: { value: ANY },
      run: async ({ graph }) => ({ value: [await graph.ids(), (await graph.get("e/0/spy"))?.inputs.value] }),
    });
    const graph = new Expansion(
      { one: node("Add", { a: 1, b: 1 }), spy: node("Spy", { value: ["one", 0] }) },
      { value: ["spy", 0] },
    );
    const rig = await bench([...nodes, spy, expander(graph)]);
    const { outputs } = await rig.run({ e: node("Expander", { value: 0 }) }, { targets: ["e"] });
    expect(outputs.get("e")).toEqual([
      [
        [
          ["e/0/spy", "e/0/one"],
          ["e/0/one", 0],
        ],
      ],
    ]);
  });

  test("a node that runs again for an expansion takes nothing from the other readers of its sources", async () => {
    // `once` is let go before the expansion reads it; its own source is still to be read by `last`.
    const graph = new Expansion({ add: node("Add", { a: ["once", 0], b: 1 }) }, { value: ["add", 0] });
    const rig = await bench([...nodes, expander(graph)]);
    const prompt = {
      source: node("Add", { a: 1, b: 1 }),
      once: node("Add", { a: ["source", 0], b: 1 }),
      between: node("Add", { a: ["once", 0], b: 1 }),
      e: node("Expander", { value: ["between", 0] }),
      last: node("Add", { a: ["source", 0], b: ["e", 0] }),
    };
    const { outputs } = await rig.run(prompt, { targets: ["last"] });
    expect(outputs.get("last")).toEqual([[6]]);
  });
});

test("a loop that only promises drive lets timers in, so an abort ends it", async () => {
  const { run } = await bench(nodes);
  const cancel = new AbortController();
  const prompt: Prompt = {
    1: { class_type: "Loop", inputs: { start: 0, count: 1_000_000, by: 1 } },
    2: { class_type: "Save", inputs: { value: ["1", 0] } },
  };
  setTimeout(() => cancel.abort(new Error("enough")), 1);
  await expect(run(prompt, { signal: cancel.signal })).rejects.toThrow("enough");
});

test("a step that was let go and runs again keeps its sources from being let go before it reads them", async () => {
  const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const number = (id: string, inputs: NodeType["inputs"], run: NodeType["run"]) =>
    defineNode({ id, category: "", doc: "", inputs, outputs: { value: INT }, run }) as NodeType;
  const late = number("Late", { value: int(), ms: int() }, async ({ value, ms }) => {
    await after(ms);
    return { value };
  });
  const sum = number("Sum", { a: int(), b: int() }, ({ a, b }) => ({ value: a + b }));
  const again = number(
    "Again",
    { a: int(), up: text() },
    ({ up }) => new Expansion({ sum: { class_type: "Sum", inputs: { a: [up, 0], b: 1 } } }, { value: ["sum", 0] }),
  );
  const { run } = await bench([late, sum, again, save]);
  const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
  // B = A + slow is let go, and asked for again; meanwhile L, whose other source is slower still, lets A go.
  const { events } = await run({
    A: node("Late", { value: 1, ms: 0 }),
    slow: node("Late", { value: 2, ms: 40 }),
    B: node("Sum", { a: ["A", 0], b: ["slow", 0] }),
    C: node("Sum", { a: ["B", 0], b: 1 }),
    X: node("Again", { a: ["C", 0], up: "B" }),
    slower: node("Late", { value: 5, ms: 60 }),
    L: node("Sum", { a: ["A", 0], b: ["slower", 0] }),
    D: node("Sum", { a: ["X", 0], b: ["L", 0] }),
    out: node("Save", { value: ["D", 0] }),
  });
  expect(events.at(-1)).toMatchObject({ type: "finished", shown: { saved: [10] } });
});
