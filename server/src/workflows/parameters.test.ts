import type { NodeDefinition, Prompt } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { declaredParameters, fillIn, titledParameters } from "./parameters.js";

const definition = (id: string, inputs: NodeDefinition["inputs"]): NodeDefinition => ({
  id,
  category: "test",
  doc: "",
  inputs,
  outputs: {},
});
const definitions = new Map<string, NodeDefinition>([
  ["Text", definition("Text", { text: { type: "STRING" }, clip: { type: "CLIP", link: true } })],
  [
    "Sampler",
    definition("Sampler", {
      seed: { type: "INT", bigint: true, options: { min: 0, max: 2n ** 64n - 1n } },
      steps: { type: "INT", options: { min: 1, max: 100 } },
      tiled: { type: "BOOLEAN" },
      mode: { type: "COMBO", choices: ["fast", "good"] },
    }),
  ],
]);
const text = (title: string) => ({ class_type: "Text", inputs: { text: "cat", clip: ["9", 0] }, _meta: { title } });
const prompt: Prompt = {
  "1": text("Positive"),
  "2": text("Negative"),
  "3": { class_type: "Sampler", inputs: { seed: 1, steps: 20, tiled: false, mode: "fast" }, _meta: { title: "Draw" } },
  "4": text("Twice"),
  "5": text("Twice"),
};
const block = {
  prompt: { node: "Positive", input: "text", description: "what to draw", required: true },
  negative: "Negative",
  steps: { to: "Draw.steps", type: "integer", default: 8, max: 30 },
  texts: { to: ["Positive.text", "4.text", "5.text"] },
  seed: { node: 3, input: "seed" },
};
const inputs = (filled: ReturnType<typeof fillIn>, id: string) =>
  "prompt" in filled ? filled.prompt[id]?.inputs : filled.wrong;

describe("an inputs block", () => {
  test("names inputs by id, title or several at once, with defaults of its own", () => {
    const values = { prompt: "dog", seed: 2n ** 64n - 1n, negative: "blur" };
    const filled = fillIn(prompt, definitions, values, block);
    expect(inputs(filled, "1")).toEqual({ text: "dog", clip: ["9", 0] });
    expect(inputs(filled, "2")).toMatchObject({ text: "blur" });
    expect(inputs(filled, "3")).toEqual({ seed: 2n ** 64n - 1n, steps: 8, tiled: false, mode: "fast" });
    const texts = fillIn(prompt, definitions, { prompt: "a", texts: "b" }, block);
    expect([inputs(texts, "4"), inputs(texts, "5")]).toMatchObject([{ text: "b" }, { text: "b" }]);
  });

  test("refuses what it does not name, what is out of bounds and what is missing, all at once", () => {
    expect(fillIn(prompt, definitions, { steps: 31, seed: -1, promt: "x", negative: 5 }, block)).toEqual({
      wrong: {
        steps: "31 is more than 30",
        seed: "-1 is less than 0",
        promt: "this workflow has no input of this name; it has prompt, negative, steps, texts, seed",
        negative: "5 is not a text",
        prompt: "it is required",
      },
    });
  });

  test.each([
    [{ a: "Nobody.text" }, /declares "a" wrongly: no node has the id, title or type "Nobody"/],
    [{ a: "Twice.text" }, /2 nodes go by "Twice"; give an id: 4, 5/],
    [{ a: "Draw" }, /Draw has 4 values: seed, steps, tiled, mode; write it as node.input/],
    [{ a: "1.clip" }, /a value of type CLIP can only come from a link/],
    [{ a: {} }, /say which input it sets/],
    [{ a: { to: "1.text", type: "integer" } }, /it says the type is integer, and the input's is string/],
    [{ a: { to: "Draw.steps", default: 0 } }, /0 is less than 1/],
    [{ a: { to: "1.text", sort: 1 } }, /inputs block of the workflow is not usable: a: .*sort/],
    [[], /the inputs block of the workflow is not usable/],
  ])("that is wrong says where: %j", (wrong, message) => {
    expect(() => declaredParameters(wrong, prompt, definitions)).toThrow(message);
  });
});

describe("without a block", () => {
  test("nodes are named by title, and one that has a single value by that alone", () => {
    expect(inputs(fillIn(prompt, definitions, { "Positive.text": "dog" }), "1")).toMatchObject({ text: "dog" });
    expect(inputs(fillIn(prompt, definitions, { positive: "dog" }), "1")).toMatchObject({ text: "dog" });
    expect(inputs(fillIn(prompt, definitions, { "Draw.tiled": true, "3.steps": "12" }), "3")).toMatchObject({
      tiled: true,
      steps: 12,
    });
  });

  test("titles that clash, and names that nobody has, say the way out", () => {
    const values = { Twice: "a", Nobody: "b", "Draw.mode": "slow", "Draw.steps": 1.5 };
    expect(inputs(fillIn(prompt, definitions, values), "1")).toEqual({
      Twice: '2 nodes go by "Twice"; give an id: 4, 5',
      Nobody: expect.stringMatching(/no node has the id.*1 \(Positive\), 2 \(Negative\)/),
      "Draw.mode": '"slow" is none of fast, good',
      "Draw.steps": "1.5 is not a whole number",
    });
  });

  test("every name that is listed can be set", () => {
    const names = titledParameters(prompt, definitions).map(({ name }) => name);
    expect(names).toEqual([
      "Positive",
      "Negative",
      "Draw.seed",
      "Draw.steps",
      "Draw.tiled",
      "Draw.mode",
      "4.text",
      "5.text",
    ]);
    for (const name of names) {
      const value = { seed: 1, steps: 1, tiled: true, mode: "good" }[name.split(".")[1] ?? ""] ?? "x";
      expect(fillIn(prompt, definitions, { [name]: value }), name).toHaveProperty("prompt");
    }
  });
});
