import type { NodeDefinition, Prompt } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { applySeed, applySet, parseSeed, parseSet } from "./overrides.js";

const definition = (id: string, inputs: NodeDefinition["inputs"]): NodeDefinition => ({
  id,
  category: "test",
  doc: "",
  inputs,
  outputs: {},
});

const nodes: Record<string, NodeDefinition> = {
  Text: definition("Text", { text: { type: "STRING" }, clip: { type: "CLIP", link: true } }),
  Sampler: definition("Sampler", {
    seed: { type: "INT", bigint: true, options: { control_after_generate: true } },
    cfg: { type: "FLOAT" },
    tiled: { type: "BOOLEAN" },
    mode: { type: "COMBO", choices: ["simple", "list"], branches: { simple: {}, list: { count: { type: "INT" } } } },
    values: { type: "INT", grow: { prefix: "value", min: 0, max: 9 } },
  }),
};
const definitions = new Map(Object.entries(nodes));

const prompt: Prompt = {
  "1": { class_type: "Text", inputs: { text: "cat" }, _meta: { title: "Positive v1.5" } },
  "2": { class_type: "Text", inputs: { text: "" }, _meta: { title: "Prompt" } },
  "3": { class_type: "Text", inputs: { text: "" }, _meta: { title: "Prompt" } },
  "4": { class_type: "Sampler", inputs: { seed: 1, mode: "list" } },
  "5": { class_type: "Sampler", inputs: { seed: ["4", 0] } },
  "6": { class_type: "Unknown", inputs: { seed: 1 } },
};
const set = (assignment: string) => applySet(prompt, definitions, parseSet(assignment));

describe("--set", () => {
  test.each([
    ["1.text=a = b. c", "1", "text", "a = b. c"],
    ["Positive v1.5.text=dog", "1", "text", "dog"],
    ["4.seed=18446744073709551615", "4", "seed", 18446744073709551615n],
    ["4.seed=+5", "4", "seed", 5],
    ["4.cfg=1e-2", "4", "cfg", 0.01],
    ["4.tiled=true", "4", "tiled", true],
    ["4.mode.count=3", "4", "mode.count", 3],
    ["4.values.value0=7", "4", "values.value0", 7],
    ["2.text=", "2", "text", ""],
    ["positive V1.5.text=dog", "1", "text", "dog"],
    ["Positive v1.5=dog", "1", "text", "dog"],
    ["2=a.b", "2", "text", "a.b"],
  ])("%s", (assignment, id, input, value) => {
    expect(set(assignment)[id]?.inputs[input]).toStrictEqual(value);
  });

  test("leaves the workflow it was given, and every other input, as they were", () => {
    const before = structuredClone(prompt);
    const { "1": changed, ...others } = set("1.text=dog");
    expect(prompt).toStrictEqual(before);
    const { "1": original, ...rest } = before;
    expect(changed?._meta).toStrictEqual(original?._meta);
    expect(others).toStrictEqual(rest);
  });

  test.each([
    ["4.cfg=NaN", /"NaN" is not a number/],
    ["4.cfg=Infinity", /is not a number/],
    ["4.seed=1.5", /is not a whole number/],
    ["4.tiled=yes", /is not true or false/],
    ["1.clip=x", /can only come from a link/],
    ["1.txt=x", /Text has no input "txt".*text, clip/],
    ["9.text=x", /no node has the id, title or type "9".*1 \(Positive v1\.5\)/],
    ["Prompt.text=x", /2 nodes go by "Prompt"; give an id: 2, 3/],
    ["sampler.cfg=1", /2 nodes go by "sampler"; give an id: 4, 5/],
    ["1.text", /no "="/],
    ["4=1", /4 has 4 values: seed, cfg, tiled, mode; write it as node.input/],
    ["4.values.value0=x", /is not a whole number/],
  ])("refuses %s", (assignment, message) => {
    expect(() => set(assignment)).toThrow(message);
  });
});

describe("--seed", () => {
  test("sets every seed that is not linked, and nothing else", () => {
    const seeded = applySeed(prompt, definitions, 7n);
    expect(seeded).toStrictEqual({ ...prompt, "4": { ...prompt["4"], inputs: { seed: 7n, mode: "list" } } });
  });

  test("is refused where there is no seed", () => {
    expect(() => applySeed({ "1": prompt["1"]! }, definitions, 7n)).toThrow(/no node of this workflow has a seed/);
  });

  test.each(["-1", "1.5", "18446744073709551616", "", "seed"])("refuses %j", (text) => {
    expect(() => parseSeed(text)).toThrow(/a whole number from 0 to 18446744073709551615/);
  });
});
