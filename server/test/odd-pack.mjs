// Nodes that wait, hang, die, and say strange things, for tests of workers.
import { writeSync } from "node:fs";
import { bool, defineNode, definePack, int, STRING, seed, text } from "@mezzotint/engine";

const node = (id, inputs, run, more = {}) =>
  defineNode({
    id,
    category: "test",
    doc: "",
    inputs,
    outputs: {},
    output: true,
    run,
    version: () => `~${Math.random()}`,
    ...more,
  });

const present = new Map();

export default definePack({
  name: "odd-pack",
  version: "1.0.0",
  nodes: [
    node("Echo", { value: seed() }, ({ value }, ctx) => {
      ctx.show({ value: [value] });
      return {};
    }),
    /** Ends once as many of its kind run at the same time. */
    node(
      "Meet",
      { place: text(), count: int() },
      async ({ place, count }, { signal }) => {
        present.set(place, (present.get(place) ?? 0) + 1);
        while (present.get(place) < count) {
          signal.throwIfAborted();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return {};
      },
      { resources: ["net:test"] },
    ),
    /** Hangs without giving others a turn. */
    node("Spin", { milliseconds: int({ max: 1_000_000 }) }, async ({ milliseconds }, ctx) => {
      ctx.progress(0, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const end = Date.now() + milliseconds; Date.now() < end; );
      return {};
    }),
    node("Die", { words: text() }, async ({ words }) => {
      writeSync(2, `${words}\n`);
      process.exit(7);
    }),
    node("Garble", {}, async () => {
      writeSync(3, Buffer.alloc(64, 0xff));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return {};
    }),
    node("Odd", {}, (_, ctx) => {
      ctx.progress(Number.NaN, "many");
      ctx.preview?.({ mime: "text/html", bytes: "<script>" });
      ctx.show({ numbers: [Number.NaN, 1n], functions: [() => 1] });
      return {};
    }),
    node("Deep", {}, (_, ctx) => {
      let deep = [];
      for (let i = 0; i < 5000; i++) deep = [deep];
      ctx.show({ deep });
      return {};
    }),
    /** Throws where nobody can catch it, or rejects where nobody does. */
    node("Stray", { rejects: bool() }, async ({ rejects }) => {
      const error = new Error("gone astray");
      if (rejects) void Promise.reject(error);
      else
        setImmediate(() => {
          throw error;
        });
      await new Promise((resolve) => setTimeout(resolve, rejects ? 50 : 60_000));
      return {};
    }),
    /** Shows one preview of a byte after another until it may stop: once it has been watched and is no more. */
    node("Paint", {}, async (_, ctx) => {
      let watched = false;
      for (let i = 0; ; i = (i + 1) % 256) {
        if (watched && !ctx.preview) return {};
        watched ||= ctx.preview !== undefined;
        ctx.preview?.({ mime: "image/png", bytes: Uint8Array.of(7, i) });
        ctx.progress(i, 256);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
    node("Checked", { value: int() }, () => ({}), {
      check: ({ value }) => (value === 13 ? "13 is unlucky" : undefined),
    }),
    node(
      "Throw",
      {},
      () => {
        throw new RangeError("out of luck");
      },
      { outputs: { text: STRING } },
    ),
  ],
});
