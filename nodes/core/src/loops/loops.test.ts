import { memoryCache, type Prompt, type RunEvent } from "@mezzotint/engine";
import { beforeEach, describe, expect, test } from "vitest";
import { call, notes, runPrompt, start } from "../../test/loop-probes.js";

beforeEach(() => {
  notes.length = 0;
});

describe("loops", () => {
  test("carry a value from one iteration to the next", async () => {
    const prompt = {
      start: start(5, { initial_iteration_value: 1 }),
      double: call("Add", { a: ["start", 4], b: ["start", 4] }),
      end: call("EndLoop", { output_value: ["double", 0], next_iteration_value: ["double", 0], accumulate: false }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([32]);
  });

  test("For counts like a for; accumulate gives all values, the outputs of Start Loop directly too", async () => {
    const prompt = (slot: number) => ({
      start: call("StartLoop", {
        mode: "For",
        "mode.start_iteration_index": 3,
        "mode.max_iteration": 10,
        "mode.step": 3,
      }),
      end: call("EndLoop", { output_value: ["start", slot], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    });
    expect(await runPrompt(prompt(0))).toEqual([3, 6, 9]);
    expect(await runPrompt(prompt(1))).toEqual([true, false, false]);
    expect(await runPrompt(prompt(2))).toEqual([false, false, true]);
    expect(await runPrompt(prompt(3))).toEqual([null, null, null]);
  });

  test("List runs once per item, of a list or of an array", async () => {
    const prompt = (items: unknown) => ({
      items: call("Items", {}),
      start: call("StartLoop", { mode: "List", "mode.list": items, initial_iteration_value: { __value__: ["x"] } }),
      note: call("Note", { label: ["start", 0], value: ["start", 3] }),
      end: call("EndLoop", { output_value: ["note", 0], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    });
    expect(await runPrompt(prompt(["items", 0]))).toEqual(["a", "b", "c"]);
    expect(await runPrompt(prompt({ __value__: [1, 2] }))).toEqual([1, 2]);
    expect(notes).toEqual(['0 "a"', '1 "b"', '2 "c"', "0 1", "1 2"]);
  });

  test("the body runs once per iteration, in order, and never outside", async () => {
    const prompt = {
      outside: call("Note", { label: "outside", value: 7 }),
      start: start(3),
      body: call("Note", { label: "body", value: ["start", 0] }),
      sum: call("Add", { a: ["body", 0], b: ["outside", 0] }),
      end: call("EndLoop", { output_value: ["sum", 0] }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([9]);
    expect(notes).toEqual(["outside 7", "body 0", "body 1", "body 2"]);
  });

  test("side branches of the body that save, and terminations, run in every iteration", async () => {
    const prompt = {
      label: call("Note", { label: "label", value: "saved" }),
      start: start(2),
      body: call("Add", { a: ["start", 0], b: 10 }),
      save: call("Save", { label: ["label", 0], value: ["body", 0] }),
      forced: call("Note", { label: "forced", value: ["start", 0] }),
      end: call("EndLoop", { output_value: ["body", 0], "terminations.termination0": ["forced", 0] }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([11]);
    expect(notes.filter((note) => note.startsWith("saved"))).toEqual(["saved 10", "saved 11"]);
    expect(notes.filter((note) => note.startsWith("forced"))).toEqual(["forced 0", "forced 1"]);
  });

  test("loops in loops: by parent_iteration, by the value carried, three deep", async () => {
    const nested = (depth: number): Prompt => {
      const prompt: Record<string, Prompt[string]> = { show: call("Show", { value: ["end0", 0] }) };
      for (let d = 0; d < depth; d++) {
        const around = d === 0 ? {} : { parent_iteration: [`start${d - 1}`, 0] };
        prompt[`start${d}`] = start(2, { ...around, initial_iteration_value: d === 0 ? 0 : [`start${d - 1}`, 4] });
        const inner = d === depth - 1 ? "work" : `end${d + 1}`;
        prompt[`end${d}`] = call("EndLoop", { output_value: [inner, 0], next_iteration_value: [inner, 0] });
      }
      prompt.work = call("Add", { a: [`start${depth - 1}`, 4], b: 1 });
      return prompt;
    };
    for (const depth of [1, 2, 3]) expect(await runPrompt(nested(depth))).toEqual([2 ** depth]);
  });

  test("an inner loop sees the iteration around it, and its side branches run in each of its own", async () => {
    const prompt = {
      outer: start(2),
      ten: call("Add", { a: ["outer", 0], b: ["outer", 0] }),
      inner: start(3, { parent_iteration: ["outer", 0] }),
      pair: call("Add", { a: ["ten", 0], b: ["inner", 0] }),
      save: call("Save", { label: ["outer", 0], value: ["pair", 0] }),
      innerEnd: call("EndLoop", { output_value: ["pair", 0], accumulate: true }),
      outerEnd: call("EndLoop", { output_value: ["innerEnd", 0], accumulate: true }),
      show: call("Show", { value: ["outerEnd", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([0, 1, 2, 2, 3, 4]);
    expect(notes).toEqual(["0 0", "0 1", "0 2", "1 2", "1 3", "1 4"]);
  });

  test("an inner loop that saves and gives nothing on runs as a side branch", async () => {
    const prompt = {
      outer: start(2),
      inner: start(2, { parent_iteration: ["outer", 0] }),
      innerEnd: call("EndLoop", { output_value: ["inner", 0], accumulate: true }),
      save: call("Save", { label: ["outer", 0], value: ["innerEnd", 0] }),
      outerEnd: call("EndLoop", { output_value: ["outer", 0] }),
      show: call("Show", { value: ["outerEnd", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([1]);
    expect(notes).toEqual(["0 0", "0 1", "1 0", "1 1"]);
  });

  test("the number of iterations may come from a node, even from the loop around", async () => {
    const prompt = {
      outer: start(4),
      inner: call("StartLoop", { mode: "simple", "mode.num_iterations": ["outer", 0] }),
      innerEnd: call("EndLoop", { output_value: ["inner", 0], accumulate: true }),
      outerEnd: call("EndLoop", { output_value: ["innerEnd", 0], accumulate: true }),
      show: call("Show", { value: ["outerEnd", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([0, 0, 1, 0, 1, 2]);
  });

  test("a call without inputs need not say so, in the body or beside it", async () => {
    const bare = { class_type: "Items" } as unknown as Prompt[string];
    const prompt = {
      bare,
      start: start(2),
      save: call("Save", { label: ["bare", 0], value: ["start", 0] }),
      end: call("EndLoop", { output_value: ["start", 0] }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([1]);
    expect(notes).toEqual(["a 0", "b 0", "c 0", "a 1", "b 1", "c 1"]);
  });

  test("lazy inputs of the body stay lazy", async () => {
    const prompt = {
      start: start(3),
      a: call("Note", { label: "first", value: ["start", 0] }),
      b: call("Note", { label: "later", value: ["start", 0] }),
      choose: call("Switch", { yes: ["start", 1], a: ["a", 0], b: ["b", 0] }),
      end: call("EndLoop", { output_value: ["choose", 0], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([0, 1, 2]);
    expect(notes).toEqual(["first 0", "later 1", "later 2"]);
  });

  test("a blocked next value ends the loop; blocked values do not accumulate", async () => {
    const prompt = {
      start: start(1000, { initial_iteration_value: 1 }),
      double: call("Add", { a: ["start", 4], b: ["start", 4] }),
      below: call("Below", { value: ["double", 0], limit: 20 }),
      end: call("EndLoop", { output_value: ["below", 0], next_iteration_value: ["below", 0], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([2, 4, 8, 16]);
  });

  test("zero iterations: an empty list, or nothing that depends on it runs, and it is said", async () => {
    const prompt = (accumulate: boolean) => ({
      start: start(0),
      body: call("Note", { label: "body", value: ["start", 0] }),
      end: call("EndLoop", { output_value: ["body", 0], accumulate }),
      show: call("Show", { value: ["end", 0] }),
    });
    const events: RunEvent[] = [];
    expect(await runPrompt(prompt(true))).toEqual([]);
    await runPrompt(prompt(false), { events });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "blocked", message: expect.stringMatching(/zero times/) }),
    );
    expect(notes).toEqual([]);
  });

  test("every run makes all iterations again, unless unchanged ones may be reused", async () => {
    const cache = memoryCache(1e8);
    const prompt = (count: number, cache_iterations: boolean) => ({
      start: start(count, { cache_iterations }),
      body: call("Note", { label: "body", value: ["start", 0] }),
      end: call("EndLoop", { output_value: ["body", 0], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    });
    for (let i = 0; i < 2; i++) await runPrompt(prompt(2, false), { cache });
    expect(notes.splice(0)).toEqual(["body 0", "body 1", "body 0", "body 1"]);
    for (const count of [2, 2, 4]) expect(await runPrompt(prompt(count, true), { cache })).toHaveLength(count);
    expect(notes).toEqual(["body 0", "body 1", "body 2", "body 3"]);
  });

  test("a list that grows or shrinks makes only what is new", async () => {
    const cache = memoryCache(1e8);
    const prompt = (items: unknown[]) => ({
      start: call("StartLoop", { mode: "List", "mode.list": { __value__: items }, cache_iterations: true }),
      note: call("Note", { label: "item", value: ["start", 3] }),
      end: call("EndLoop", { output_value: ["note", 0], accumulate: true }),
      show: call("Show", { value: ["end", 0] }),
    });
    for (const items of [["a", "b"], ["c", "a", "b"], ["b"]])
      expect(await runPrompt(prompt(items), { cache })).toEqual(items);
    expect(notes).toEqual(['item "a"', 'item "b"', 'item "c"']);
  });

  test("ten thousand iterations neither overflow the stack nor cost the square", async () => {
    const prompt = {
      start: start(10_000, { initial_iteration_value: 0 }),
      sum: call("Add", { a: ["start", 4], b: ["start", 0] }),
      end: call("EndLoop", { output_value: ["sum", 0], next_iteration_value: ["sum", 0] }),
      show: call("Show", { value: ["end", 0] }),
    };
    expect(await runPrompt(prompt)).toEqual([49_995_000]);
  }, 60_000);
});
