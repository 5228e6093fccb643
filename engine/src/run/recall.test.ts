import { expect, test } from "vitest";
import { bench } from "../../test/bench.js";
import { memoryCache } from "./cache.js";
import type { RunEvent } from "./events.js";
import { Expansion } from "./expansion.js";
import { any, int } from "./inputs.js";
import { defineNode } from "./node.js";
import { INT } from "./socket.js";

const twice = defineNode({
  id: "Twice",
  category: "",
  doc: "",
  inputs: { value: int() },
  outputs: { value: INT },
  run: ({ value }) => ({ value: 2 * value }),
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
/** Expands to a node that may be known from before; is itself never the same. */
const outer = defineNode({
  id: "Outer",
  category: "",
  doc: "",
  inputs: { value: int() },
  outputs: { value: INT },
  output: true,
  version: () => `~${Math.random()}`,
  run: ({ value }) =>
    new Expansion<{ value: number }>({ in: { class_type: "Twice", inputs: { value } } }, { value: ["in", 0] }),
});
const promptOf = (value: number) => ({
  a: { class_type: "Twice", inputs: { value: 4 } },
  b: { class_type: "Show", inputs: { value: ["a", 0] } },
  c: { class_type: "Show", inputs: { value } },
});

test("what is at hand is told once, before all else, and then for each node with what it shows", async () => {
  const rig = await bench([twice, show]);
  const cache = memoryCache(1e6);
  const told = async (value: number) => {
    const events: RunEvent[] = [];
    await rig.run(promptOf(value), { cache, emit: (event) => events.push(event) });
    return events;
  };
  const [first, ...rest] = await told(1);
  expect(first).toEqual({ type: "recalled", nodes: [] });
  expect(rest.map(({ type }) => type)).not.toContain("recalled");
  expect((await told(2)).slice(0, 4)).toEqual([
    { type: "recalled", nodes: ["a", "b"] },
    { type: "cached", node: "a", display: "a" },
    { type: "cached", node: "b", display: "b", shown: { text: ["8"] } },
    { type: "started", node: "c", display: "c" },
  ]);
  expect((await told(2)).map(({ type }) => type)).toEqual(["recalled", "cached", "cached", "cached"]);
});

test("what an expansion finds known is no longer told as recalled", async () => {
  const rig = await bench([twice, show, outer]);
  const cache = memoryCache(1e6);
  const prompt = { o: { class_type: "Outer", inputs: { value: 3 } } };
  await rig.run(prompt, { cache });
  const { recalled, events } = await rig.run(prompt, { cache });
  expect(recalled).toEqual([[]]);
  expect(events.map(({ type, display }) => `${type} ${display}`)).toEqual(["started o", "cached o", "finished o"]);
});

test("previews may be switched on and off while a node runs", async () => {
  let watched = false;
  const painter = defineNode({
    id: "Painter",
    category: "",
    doc: "",
    inputs: {},
    outputs: {},
    output: true,
    run: (_inputs, ctx) => {
      for (const on of [false, true, false]) {
        watched = on;
        ctx.preview?.({ mime: "image/png", bytes: Uint8Array.of(Number(on)) });
      }
      return {};
    },
  });
  const rig = await bench([painter]);
  const { events } = await rig.run({ p: { class_type: "Painter", inputs: {} } }, { previews: () => watched });
  expect(events.map((event) => (event.type === "preview" ? event.preview.bytes[0] : event.type))).toEqual([
    "started",
    1,
    "finished",
  ]);
});
