import { describe, expect, test } from "vitest";
import { classes, convert, node, type Rest } from "../../test/saved.js";
import { widgetsOf } from "./widgets.js";

const inputsOf = (type: string, rest: Rest) => {
  const { inputs, codes, told } = convert([node(1, type, rest)], [], { options: { dynamicPrompts: false } });
  return { inputs: inputs["1"], codes, told };
};
const sampled = { seed: 7, steps: 4, cfg: 2.5, sampler: "heun", denoise: 0.5 };

test("widgets are in the order of widgets_values: required inputs first, no links, no slots", () => {
  const names = (id: string) => widgetsOf(classes.get(id)!).map(({ name }) => name);
  expect(names("Sampler")).toEqual(["seed", "steps", "cfg", "sampler", "denoise"]);
  expect(names("Late")).toEqual(["a", "b"]);
  expect(names("Batch")).toEqual([]);
  const size = widgetsOf(classes.get("Resize")!)[0]!;
  expect([...size.branches!].map(([choice, inside]) => [choice, inside.map(({ name }) => name)])).toEqual([
    ["scale", ["size.factor"]],
    ["exact", ["size.width", "size.height"]],
  ]);
});

describe("values by place", () => {
  test.each([
    ["with what happens to the seed", "Sampler", [7, "randomize", 4, 2.5, "heun", 0.5], sampled],
    ["without it", "Sampler", [7, 4, 2.5, "heun", 0.5], sampled],
    [
      "numbers as texts",
      "Sampler",
      ["7", "fixed", "4", "2.5", "heun", "5e-1"],
      { ...sampled, seed: "7", steps: "4", cfg: "2.5", denoise: "5e-1" },
    ],
    ["the upload button", "LoadImage", ["a.png", "image"], { image: "a.png" }],
    ["the upload button without a value", "LoadImage", ["a.png", null], { image: "a.png" }],
    ["no upload button", "LoadImage", ["a.png"], { image: "a.png" }],
    ["a button after other widgets", "LoadMask", ["a.png", "red", "image"], { image: "a.png", channel: "red" }],
    ["a button before other widgets", "LoadMask", ["a.png", "image", "red"], { image: "a.png", channel: "red" }],
    [
      "the widgets of a choice follow it",
      "Resize",
      ["exact", 3, 4, false],
      { size: "exact", "size.width": 3, "size.height": 4, smooth: false },
    ],
    ["of another choice", "Resize", ["scale", 1.5, false], { size: "scale", "size.factor": 1.5, smooth: false }],
    ["optional widgets come last", "Late", [1, 2], { a: 1, b: 2 }],
    ["a list is wrapped, for a bare one is a link", "Odd", { size: [1, 2] }, { size: { __value__: [1, 2] } }],
  ])("%s", (_case, type, values, expected) => {
    const { inputs, codes } = inputsOf(type, { widgets_values: values });
    expect(inputs).toEqual(expected);
    expect(codes.filter((code) => code !== "unknown-class")).toEqual([]);
  });

  test("seeds of 64 bits survive, by place and by name", () => {
    const seed = 2n ** 64n - 1n;
    expect(inputsOf("Sampler", { widgets_values: [seed, "fixed", 4, 2.5, "heun", 0.5] }).inputs).toEqual({
      ...sampled,
      seed,
    });
    expect(inputsOf("Sampler", { widgets_values_named: { ...sampled, seed } }).inputs).toEqual({ ...sampled, seed });
  });

  test("too few: the rest have their defaults, which is told", () => {
    const { inputs, told } = inputsOf("Sampler", { widgets_values: [7, "fixed", 4] });
    expect(inputs).toEqual({ seed: 7, steps: 4, cfg: 8, sampler: "euler", denoise: 1 });
    expect(told("too-few-values")).toEqual([expect.stringMatching(/3 values.*missing: cfg, sampler, denoise/)]);
    expect(told("default")).toHaveLength(3);
  });
  test("too many: the rest is left out, which is told", () => {
    const { inputs, told } = inputsOf("Sampler", { widgets_values: [7, "fixed", 4, 2.5, "heun", 0.5, "new", 8] });
    expect(inputs).toEqual(sampled);
    expect(told("too-many-values")).toEqual([expect.stringMatching(/8 values, of which 6 have a widget/)]);
  });
  test("an unknown choice ends it, and what came before is kept", () => {
    const { inputs, told } = inputsOf("Resize", { widgets_values: ["magic", 9, false] });
    expect(inputs).toEqual({ size: "magic", smooth: true });
    expect(told("unknown-choice")).toEqual([expect.stringMatching(/input size.*"magic"/)]);
  });
  test.each([
    ["Sampler", [7, "fixed", {}, 2.5, "heun", 0.5], { ...sampled, steps: 20 }, "steps"],
    ["Sampler", [7, "fixed", 4, 2.5, 3, 0.5], { ...sampled, sampler: "euler" }, "sampler"],
    ["Sampler", [7, "fixed", 4, "lots", "heun", 0.5], { ...sampled, cfg: 8 }, "cfg"],
    ["Resize", ["scale", 2, "yes"], { size: "scale", "size.factor": 2, smooth: true }, "smooth"],
  ])("%s %j: a value of another kind gives way to the default", (type, values, expected, input) => {
    const { inputs, told } = inputsOf(type, { widgets_values: values });
    expect(inputs).toEqual(expected);
    expect(told("unfit-value")).toEqual([expect.stringMatching(new RegExp(`input ${input}:`))]);
  });
  test("null is no value; a file has no default", () => {
    expect(inputsOf("Sampler", { widgets_values: [null, "fixed", 4, 2.5, "heun", 0.5] }).inputs).toEqual({
      ...sampled,
      seed: 0,
    });
    expect(inputsOf("Loader", {}).inputs).toEqual({});
  });
  test("a widget that is linked keeps its place", () => {
    const { inputs } = convert(
      [
        node(2, "Int", { outs: ["INT"], widgets_values: [1] }),
        node(1, "Sampler", { ins: [["steps", "INT", 1, "w"]], widgets_values: [7, "fixed", 4, 2.5, "heun", 0.5] }),
      ],
      [[1, 2, 0, 1, 0, "INT"]],
    );
    expect(inputs["1"]).toEqual({ ...sampled, steps: ["2", 0] });
  });
});

describe("values by name", () => {
  test("an object is by name; what the class lacks is left out", () => {
    expect(inputsOf("Sampler", { widgets_values: { ...sampled, extra: 1 } }).inputs).toEqual(sampled);
    expect(
      inputsOf("Resize", { widgets_values: { size: "exact", "size.width": 3, "size.height": 4, smooth: false } })
        .inputs,
    ).toEqual({
      ...{ size: "exact", "size.width": 3, "size.height": 4, smooth: false },
    });
  });
  const named = { steps: 9, cfg: "no", control_after_generate: "fixed" };
  test("a list with a fitting value for every widget wins over names", () => {
    const { inputs, told } = inputsOf("Sampler", {
      widgets_values: [7, "fixed", 4, 2.5, "heun", 0.5],
      widgets_values_named: named,
    });
    expect(inputs).toEqual(sampled);
    expect(told("values-disagree")).toEqual([
      expect.stringMatching(/input steps.*the former is used/),
      expect.stringMatching(/input cfg.*the former is used/),
    ]);
  });
  test("names win over any other list, unless their value cannot be", () => {
    const { inputs, told } = inputsOf("Sampler", {
      widgets_values: [7, "fixed", 4, 2.5, "heun", 0.5, "of a newer release"],
      widgets_values_named: named,
    });
    expect(inputs).toEqual({ ...sampled, steps: 9 });
    expect(told("values-disagree")).toEqual([
      expect.stringMatching(/input steps.*the latter is used/),
      expect.stringMatching(/input cfg.*the former is used/),
    ]);
  });
});

describe("groups that grow", () => {
  test("have the names that the file has", () => {
    const ins = [
      ["images.image0", "IMAGE", 1],
      ["images.image4", "IMAGE", 2],
      ["images.image5", "IMAGE", null],
    ] as const;
    const { inputs, codes } = convert(
      [node(1, "Invert", { outs: ["IMAGE"] }), node(2, "Batch", { ins })],
      [
        [1, 1, 0, 2, 0, "IMAGE"],
        [2, 1, 0, 2, 1, "IMAGE"],
      ],
    );
    expect(inputs["2"]).toEqual({ "images.image0": ["1", 0], "images.image4": ["1", 0] });
    expect(codes).toEqual([]);
  });
});

describe("classes that are unknown", () => {
  const ins = [
    ["image", "IMAGE", 1],
    ["seed", "INT", null, "w"],
    ["mode", "COMBO", null, "w"],
  ] as const;
  const unknown = (rest: Rest) => {
    const { inputs, told } = convert(
      [node(5, "Invert", { outs: ["IMAGE"] }), node(1, "Odd", { ins, ...rest })],
      [[1, 5, 0, 1, 0, "IMAGE"]],
    );
    expect(told("unknown-class")).toHaveLength(1);
    return { inputs: inputs["1"], told: told("unknown-class")[0] };
  };
  test("values by place belong to the inputs that have a widget", () => {
    expect(unknown({ widgets_values: [5, "fixed", "fast"] }).inputs).toEqual({
      image: ["5", 0],
      seed: 5,
      mode: "fast",
    });
    expect(unknown({ widgets_values: [5, "fast", 1, 2] }).told).toMatch(/2 of them could not be named/);
  });
  test("a value that cannot be an input's is another widget's, which the file does not name", () => {
    expect(unknown({ widgets_values: ["other", 5, "randomize", "fast"] }).inputs).toEqual({
      image: ["5", 0],
      seed: 5,
      mode: "fast",
    });
  });
  test("values by name are all taken, but the editor's own", () => {
    const named = { seed: 5, control_after_generate: "fixed", mode: "fast", upload: "image", other: [1] };
    expect(unknown({ widgets_values: [6], widgets_values_named: named }).inputs).toEqual({
      ...{ image: ["5", 0], seed: 5, mode: "fast", other: { __value__: [1] } },
    });
  });
});

test("a value for an input that only a link fills is left out", () => {
  const primitive = (id: number, value: unknown) => node(id, "PrimitiveNode", { outs: ["*"], widgets_values: [value] });
  const { inputs, told } = convert(
    [
      primitive(1, "x"),
      node(2, "Invert", { ins: [["image", "IMAGE", 1]] }),
      primitive(4, 5),
      node(3, "Texts", {
        ins: [
          ["text", "STRING", 2],
          ["amount", "FLOAT", 2],
        ],
      }),
    ],
    [
      [1, 1, 0, 2, 0, "*"],
      [2, 4, 0, 3, 0, "*"],
    ],
  );
  expect(inputs).toEqual({ "2": {}, "3": { text: 5, amount: 5 } });
  expect(told("unfit-value")).toHaveLength(1);
});

test("an input that the class lacks keeps its link, which is told", () => {
  const { inputs, told } = convert(
    [node(1, "Invert", { outs: ["IMAGE"] }), node(2, "Invert", { ins: [["old", "IMAGE", 1]] })],
    [[1, 1, 0, 2, 0, "IMAGE"]],
  );
  expect(inputs["2"]).toEqual({ old: ["1", 0] });
  expect(told("unknown-input")).toHaveLength(1);
});
