import type { PromptNode } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { findLoops, loopEndedBy, loopStartedBy } from "./loop-graph.js";

/** `{ a: ["StartLoop"], b: ["X", "a"] }`: classes and the nodes that they read. */
const graph = (nodes: Record<string, readonly [type: string, ...sources: string[]]>) =>
  new Map(
    Object.entries(nodes).map(([id, [class_type, ...sources]]): [string, PromptNode] => [
      id,
      { class_type, inputs: Object.fromEntries(sources.map((source, i) => [`input${i}`, [source, 0]])) },
    ]),
  );

describe("finding loops", () => {
  test("the body is what depends on the start and not on the end, side branches included", () => {
    const loops = findLoops(
      graph({
        model: ["Loader"],
        start: ["StartLoop", "model"],
        sample: ["Sampler", "model", "start"],
        save: ["SaveImage", "sample"],
        end: ["EndLoop", "sample"],
        after: ["SaveImage", "end", "model"],
      }),
    );
    expect([...loops.values()]).toEqual([{ start: "start", end: "end", body: new Set(["sample", "save"]) }]);
  });

  test("an inner loop belongs to the body of the outer, whatever the order of nodes", () => {
    const nodes = Object.entries({
      "outer end": ["EndLoop", "inner end"],
      "inner end": ["EndLoop", "work"],
      work: ["X", "inner", "outer"],
      inner: ["StartLoop", "outer"],
      outer: ["StartLoop"],
    } as const);
    for (const order of [nodes, nodes.toReversed()]) {
      const loops = findLoops(graph(Object.fromEntries(order)));
      expect(loops.get("inner end")).toEqual({ start: "inner", end: "inner end", body: new Set(["work"]) });
      expect(loopStartedBy(loops, new Map(), "outer").end).toBe("outer end");
      expect(loopEndedBy(loops, "outer end").body).toEqual(new Set(["inner", "work", "inner end"]));
    }
  });

  test("loops one after another are apart", () => {
    const loops = findLoops(
      graph({ a: ["StartLoop"], b: ["EndLoop", "a"], c: ["StartLoop", "b"], x: ["X", "c"], d: ["EndLoop", "x", "b"] }),
    );
    expect(loopEndedBy(loops, "b").start).toBe("a");
    expect(loops.get("d")).toEqual({ start: "c", end: "d", body: new Set(["x"]) });
  });

  test.each([
    ["depends on no Start Loop", { x: ["X"], end: ["EndLoop", "x"] }],
    ["connect the inner one's parent_iteration", { a: ["StartLoop"], b: ["StartLoop"], end: ["EndLoop", "a", "b"] }],
    ["is ended by both", { a: ["StartLoop"], other: ["EndLoop", "a"], end: ["EndLoop", "a"] }],
    ["leak (node leak)", { a: ["StartLoop"], x: ["X", "a"], end: ["EndLoop", "x"], leak: ["leak", "end", "x"] }],
  ] as const)("says what is wrong: %s", (message, nodes) => {
    expect(() => loopEndedBy(findLoops(graph(nodes)), "end")).toThrow(message);
  });

  test("says what is wrong with a start, and what is wrong elsewhere does not matter", () => {
    const nodes = graph({ start: ["StartLoop"], x: ["X", "start"], a: ["StartLoop"], b: ["EndLoop", "a"] });
    const loops = findLoops(nodes);
    expect(() => loopStartedBy(loops, nodes, "start")).toThrow("StartLoop (node start) has no End Loop");
    expect(loopEndedBy(loops, "b").start).toBe("a");
  });

  test("a long chain neither overflows the stack nor takes long", () => {
    const nodes: Record<string, readonly [string, ...string[]]> = { start: ["StartLoop"] };
    let last = "start";
    for (let i = 0; i < 20_000; i++) {
      nodes[`n${i}`] = ["X", last];
      last = `n${i}`;
    }
    nodes.end = ["EndLoop", last];
    expect(loopEndedBy(findLoops(graph(nodes)), "end").body.size).toBe(20_000);
  });
});
