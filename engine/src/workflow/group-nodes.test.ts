import { describe, expect, test } from "vitest";
import { convert, node } from "../../test/saved.js";

/** A loader, two encoders and a sampler of which one encoder is wired inside. */
const group = {
  nodes: [
    {
      ...node(0, "Encode", { ins: [["clip", "CLIP", null]], outs: ["CONDITIONING"] }),
      id: undefined,
      index: 0,
      widgets_values: ["stored"],
    },
    {
      ...node(0, "Encode", { ins: [["clip", "CLIP", null]], outs: ["CONDITIONING"], title: "Second" }),
      id: undefined,
      index: 1,
      widgets_values: ["stored"],
    },
    {
      ...node(0, "Sampler", {
        ins: [
          ["model", "MODEL", null],
          ["positive", "CONDITIONING", 99],
          ["steps", "INT", null, "w"],
        ],
        outs: ["LATENT"],
      }),
      index: 2,
      widgets_values: [0, "fixed", 11, 1, "euler", 1],
    },
  ],
  links: [[0, 0, 2, 1, "CONDITIONING"]],
  external: [],
};
const file = (
  instance: object,
  nodes: readonly unknown[] = [],
  links: readonly unknown[] = [],
  definition: object = group,
) =>
  convert([...nodes, instance], links, {
    extra: { groupNodes: { pair: definition } },
    options: { dynamicPrompts: false },
  });

describe("group nodes of older editors", () => {
  const loader = node(1, "Loader", { outs: ["MODEL", "CLIP"], widgets_values: ["a"] });
  const ins = [
    ["Second clip", "CLIP", 2],
    ["clip", "CLIP", 1],
    ["model", "MODEL", 3],
  ] as const;
  const links = [
    [1, 1, 1, 7, 0, "CLIP"],
    [2, 1, 1, 7, 1, "CLIP"],
    [3, 1, 0, 7, 2, "MODEL"],
    [4, 7, 1, 8, 0, "LATENT"],
  ];
  const decode = node(8, "Decode", { ins: [["samples", "LATENT", 4]] });

  test.each(["workflow>pair", "workflow/pair"])("%s unfolds: its values are those of its nodes in a row", (type) => {
    const instance = node(7, type, {
      ins,
      outs: ["CONDITIONING", "LATENT"],
      widgets_values: ["one", "two", 5, "fixed", 6, 7, "heun", 0.5],
    });
    const { inputs, findings } = file(instance, [loader, decode], links);
    expect(inputs).toEqual({
      "1": { name: "a" },
      "8": { samples: ["7:2", 0] },
      "7:0": { text: "one", clip: ["1", 1] },
      "7:1": { text: "two", clip: ["1", 1] },
      "7:2": { model: ["1", 0], positive: ["7:0", 0], seed: 5, steps: 6, cfg: 7, sampler: "heun", denoise: 0.5 },
    });
    expect(findings).toEqual([]);
  });

  test("a widget that was made a slot may have no value in the list: the length tells", () => {
    const instance = node(7, "workflow>pair", { widgets_values: ["one", "two", 5, "fixed", 7, "heun", 0.5] });
    expect(file(instance).inputs["7:2"]).toEqual({
      positive: ["7:0", 0],
      seed: 5,
      steps: 11,
      cfg: 7,
      sampler: "heun",
      denoise: 0.5,
    });
  });

  test("its inputs feed widgets too, under the names that the editor gives", () => {
    const instance = node(7, "workflow>pair", {
      ins: [
        ["Second text", "STRING", 1],
        ["steps", "INT", 2],
      ],
      widgets_values: ["one", "two", 5, "fixed", 6, 7, "heun", 0.5],
    });
    const primitive = (id: number, value: unknown) => node(id, "PrimitiveNode", { widgets_values: [value] });
    const { inputs } = file(
      instance,
      [primitive(1, "fed"), primitive(2, 33)],
      [
        [1, 1, 0, 7, 0, "*"],
        [2, 2, 0, 7, 1, "*"],
      ],
    );
    expect([inputs["7:0"]?.text, inputs["7:1"]?.text, inputs["7:2"]?.steps]).toEqual(["one", "fed", 33]);
  });

  test("names and visibility that the user set", () => {
    const config = {
      0: { input: { clip: { name: "my clip" } }, output: { 0: { visible: true } } },
      2: { output: { 0: { name: "pixels" } } },
    };
    const instance = node(7, "workflow>pair", {
      ins: [["my clip", "CLIP", 1]],
      outs: ["CONDITIONING", "Second CONDITIONING=CONDITIONING", "pixels=LATENT"],
    });
    const { inputs } = file(
      instance,
      [loader, decode],
      [
        [1, 1, 1, 7, 0, "CLIP"],
        [4, 7, 2, 8, 0, "LATENT"],
      ],
      { ...group, config },
    );
    expect(inputs["7:0"]?.clip).toEqual(["1", 1]);
    expect(inputs["8"]).toEqual({ samples: ["7:2", 0] });
  });

  test("muted, or inside itself", () => {
    expect(file(node(7, "workflow>pair", { mode: 2 })).inputs).toEqual({});
    const self = { nodes: [node(0, "workflow>pair")], links: [] };
    expect(file(node(7, "workflow>pair"), [], [], self).told("recursive-subgraph")).toHaveLength(1);
  });
});
