import { describe, expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { block } from "./blocker.js";
import { memoryCache } from "./cache.js";
import type { NodeEvent } from "./events.js";
import { any, int, lazy, list, optional, text } from "./inputs.js";
import { defineNode, type NodeType } from "./node.js";
import type { Prompt } from "./prompt.js";
import { ANY, each, INT, STRING } from "./socket.js";

const items = defineNode({
  id: "Items",
  category: "",
  doc: "",
  inputs: { count: int(), block: optional(int()), message: optional(text()) },
  outputs: { items: each(INT), count: INT },
  run: ({ count, block: at, message }) => ({
    items: Array.from({ length: count }, (_, i) => (i === at ? block(message) : i)),
    count,
  }),
});
const join = defineNode({
  id: "Join",
  category: "",
  doc: "",
  inputs: { a: any(), b: optional(any()) },
  outputs: { text: STRING },
  run: ({ a, b }) => ({ text: `${a}${b ?? ""}` }),
});
const whole = defineNode({
  id: "Whole",
  category: "",
  doc: "",
  inputs: { all: list(int()), each: optional(any()) },
  outputs: { text: STRING },
  run: ({ all, each: one }) => ({ text: `${all.join("+")}${one === undefined ? "" : `:${one}`}` }),
});
const blocks = defineNode({
  id: "Blocks",
  category: "",
  doc: "",
  inputs: { message: optional(text()) },
  outputs: { value: ANY, also: INT },
  run: ({ message }) => ({ value: block(message), also: 1 }),
});
const nodes: NodeType[] = [items, join, whole, blocks];

const give = async (prompt: Prompt, target: string, more: NodeType[] = []) =>
  (await (await bench([...nodes, ...more])).run(prompt, { targets: [target] })).outputs.get(target);
const node = (class_type: string, inputs: object = {}) => ({ class_type, inputs: inputs as Record<string, unknown> });

describe("mapping", () => {
  test("a list input means a call per item; shorter lists repeat their last", async () => {
    const prompt = {
      long: node("Items", { count: 3 }),
      short: node("Items", { count: 2 }),
      join: node("Join", { a: ["long", 0], b: ["short", 0] }),
      next: node("Join", { a: ["join", 0], b: "!" }),
    };
    expect(await give(prompt, "next")).toEqual([["00!", "11!", "21!"]]);
  });

  test("a list output of several calls is joined end to end; others are one per call", async () => {
    const prompt = { a: node("Items", { count: 3 }), b: node("Items", { count: ["a", 0] }) };
    expect(await give(prompt, "b")).toEqual([
      [0, 0, 1],
      [0, 1, 2],
    ]);
  });

  test("an input that takes lists gets the whole, in every call that others ask for", async () => {
    const prompt = {
      a: node("Items", { count: 3 }),
      b: node("Items", { count: 2 }),
      one: node("Whole", { all: ["a", 0] }),
      two: node("Whole", { all: ["a", 0], each: ["b", 0] }),
      literal: node("Whole", { all: 5 }),
    };
    expect(await give(prompt, "one")).toEqual([["0+1+2"]]);
    expect(await give(prompt, "two")).toEqual([["0+1+2:0", "0+1+2:1"]]);
    expect(await give(prompt, "literal")).toEqual([["5"]]);
  });

  test("an empty list means no call; what takes lists is still called", async () => {
    const prompt = {
      none: node("Items", { count: 0 }),
      join: node("Join", { a: ["none", 0], b: "!" }),
      whole: node("Whole", { all: ["none", 0] }),
    };
    expect(await give(prompt, "join")).toEqual([[]]);
    expect(await give(prompt, "whole")).toEqual([[""]]);
  });

  test("a lazy list that is longer than the others adds calls", async () => {
    const later = defineNode({
      id: "Later",
      category: "",
      doc: "",
      inputs: { a: lazy(any()), b: any() },
      outputs: { text: STRING },
      run: async ({ a, b }) => ({ text: `${await a()}${b}` }),
    });
    const prompt = { long: node("Items", { count: 3 }), later: node("Later", { a: ["long", 0], b: "x" }) };
    expect(await give(prompt, "later", [later])).toEqual([["0x", "1x", "2x"]]);
  });

  test("10,000 asynchronous calls of one step", async () => {
    const wait = defineNode({
      ...join,
      id: "Wait",
      run: async (inputs, ctx) => join.run(inputs, ctx) as { text: string },
    });
    const prompt = { a: node("Items", { count: 10_000 }), b: node("Wait", { a: ["a", 0] }) };
    expect((await give(prompt, "b", [wait]))?.[0]).toHaveLength(10_000);
  });
});

describe("blockers", () => {
  const told = (events: readonly NodeEvent[]) =>
    events.flatMap((event) => (event.type === "blocked" ? [[event.node, event.message]] : []));

  test("stop what depends on them and nothing else; a message is told once, by the first node it reaches", async () => {
    const rig = await bench(nodes);
    const prompt = {
      b: node("Blocks", { message: "not today" }),
      c: node("Join", { a: ["b", 0] }),
      d: node("Join", { a: ["c", 0] }),
      e: node("Join", { a: ["b", 0] }),
      free: node("Join", { a: ["b", 1] }),
    };
    const cache = memoryCache(1e6);
    for (let round = 0; round < 2; round++) {
      const { events, outputs } = await rig.run(prompt, { targets: ["d", "e", "free"], cache });
      expect(told(events)).toEqual(
        [
          ["c", "not today"],
          ["e", undefined],
          ["d", undefined],
        ].toSorted(),
      );
      expect(outputs.get("free")).toEqual([["1"]]);
      expect(events.filter(({ node: id, type }) => id === "d" && type === "started")).toEqual([]);
    }
  });

  test("a blocked item blocks its call only; in a whole list it blocks the one call", async () => {
    const rig = await bench(nodes);
    const prompt = {
      a: node("Items", { count: 3, block: 1 }),
      b: node("Join", { a: ["a", 0], b: "x" }),
      c: node("Whole", { all: ["a", 0] }),
    };
    const { outputs, events } = await rig.run(prompt, { targets: ["b", "c"] });
    expect(outputs.get("b")).toEqual([["0x", block(), "2x"]]);
    expect(outputs.get("c")).toEqual([[block()]]);
    expect(told(events)).toEqual([
      ["b", undefined],
      ["c", undefined],
    ]);
    expect(events.filter(({ type }) => type === "finished").map((event) => event.node)).toEqual(["a", "b"]);
  });

  test("a node that asks for a blocked lazy input is blocked, even if it catches", async () => {
    const catches = defineNode({
      id: "Catches",
      category: "",
      doc: "",
      inputs: { a: lazy(any()), b: lazy(any()) },
      outputs: { value: ANY },
      run: async ({ a, b }) => ({ value: await a().catch(() => b()) }),
    });
    const rig = await bench([...nodes, catches]);
    const prompt = {
      b: node("Blocks", { message: "no" }),
      fine: node("Items", { count: 1 }),
      c: node("Catches", { a: ["b", 0], b: ["fine", 0] }),
      d: node("Catches", { a: ["fine", 0], b: ["b", 0] }),
    };
    const { outputs, events } = await rig.run(prompt, { targets: ["c", "d"] });
    expect(outputs.get("c")).toEqual([[block("no")]]);
    expect(outputs.get("d")).toEqual([[0]]);
    expect(told(events)).toEqual([["c", "no"]]);
  });
});
