import { describe, expect, test } from "vitest";
import { classes, convert, node, objects, type Rest, subgraph } from "../../test/saved.js";
import { readWorkflow, writeWorkflow } from "./document.js";
import { toPrompt } from "./to-prompt.js";

const int = (id: number | string, value: unknown, rest: Rest = {}) =>
  node(id, "Int", { outs: ["INT"], widgets_values: [value, "fixed"], ...rest });
/** Adds its input `n` to an inner number. */
const plus = subgraph("plus", {
  ins: ["n=INT"],
  outs: ["sum=INT"],
  nodes: [
    int(1, 10),
    node(2, "Add", {
      ins: [
        ["a", "INT", 1],
        ["b", "INT", 2],
      ],
      outs: ["INT"],
    }),
  ],
  links: objects([
    [1, -10, 0, 2, 0],
    [2, 1, 0, 2, 1],
    [3, 2, 0, -20, 0],
  ]),
});
const instance = (id: number | string, type: string, link: number | null, rest: Rest = {}) =>
  node(id, type, { ins: [["n", "INT", link]], outs: ["sum=INT"], ...rest });

describe("subgraphs", () => {
  test("unfold in place, with ids outer:inner; each instance is its own", () => {
    const { inputs, findings } = convert(
      [int(5, 1), instance(3, "plus", 1), instance("4", "plus", 2), node(9, "Add", { ins: [["a", "INT", 3]] })],
      [
        [1, 5, 0, 3, 0, "INT"],
        [2, 3, 0, 4, 0, "INT"],
        [3, 4, 0, 9, 0, "INT"],
      ],
      { subgraphs: [plus] },
    );
    expect(inputs).toEqual({
      "5": { value: 1 },
      "3:1": { value: 10 },
      "3:2": { a: ["5", 0], b: ["3:1", 0] },
      "4:1": { value: 10 },
      "4:2": { a: ["3:2", 0], b: ["4:1", 0] },
      "9": { a: ["4:2", 0] },
    });
    expect(findings).toEqual([]);
  });

  test("boundaries are matched by name, whatever the order and number of the instance's slots", () => {
    const two = subgraph("two", {
      ins: ["a=INT", "b=INT"],
      outs: ["first=INT", "second=INT"],
      nodes: [
        node(1, "Add", { ins: [["a", "INT", 1]], outs: ["INT"] }),
        node(2, "Add", { ins: [["a", "INT", 2]], outs: ["INT"] }),
      ],
      links: objects([
        [1, -10, 0, 1, 0],
        [2, -10, 1, 2, 0],
        [3, 1, 0, -20, 0],
        [4, 2, 0, -20, 1],
      ]),
    });
    const { inputs } = convert(
      [
        int(5, 1),
        node(3, "two", { ins: [["b", "INT", 1]], outs: ["second=INT", "first=INT"] }),
        node(9, "Add", {
          ins: [
            ["a", "INT", 2],
            ["b", "INT", 3],
          ],
        }),
      ],
      [
        [1, 5, 0, 3, 0, "INT"],
        [2, 3, 0, 9, 0, "INT"],
        [3, 3, 1, 9, 1, "INT"],
      ],
      { subgraphs: [two] },
    );
    expect(inputs).toEqual({
      "5": { value: 1 },
      "3:1": {},
      "3:2": { a: ["5", 0] },
      "9": { a: ["3:2", 0], b: ["3:1", 0] },
    });
  });

  test("nest, also with boundary ids of their own and definitions inside definitions", () => {
    const nest = {
      ...subgraph("nest", {
        ins: ["m=INT"],
        outs: ["out=INT"],
        nodes: [instance(7, "plus", 1)],
        links: objects([
          [1, "in", 0, 7, 0],
          [2, 7, 0, "out", 0],
        ]),
      }),
      inputNode: { id: "in" },
      outputNode: { id: "out" },
      definitions: { subgraphs: [plus] },
    };
    const { inputs } = convert(
      [
        int(5, 1),
        node(3, "nest", { ins: [["m", "INT", 1]], outs: ["out=INT"] }),
        node(9, "Add", { ins: [["a", "INT", 2]] }),
      ],
      [
        [1, 5, 0, 3, 0, "INT"],
        [2, 3, 0, 9, 0, "INT"],
      ],
      { subgraphs: [nest] },
    );
    expect(inputs).toEqual({
      "5": { value: 1 },
      "3:7:1": { value: 10 },
      "3:7:2": { a: ["5", 0], b: ["3:7:1", 0] },
      "9": { a: ["3:7:2", 0] },
    });
  });

  test.each([
    [2, {}],
    [4, { a: ["5", 0] }],
  ])("an instance in mode %i brings no nodes", (mode, fed) => {
    const { inputs } = convert(
      [int(5, 1), instance(3, "plus", 1, { mode }), node(9, "Add", { ins: [["a", "INT", 2]] })],
      [
        [1, 5, 0, 3, 0, "INT"],
        [2, 3, 0, 9, 0, "INT"],
      ],
      { subgraphs: [plus] },
    );
    expect(inputs).toEqual({ "5": { value: 1 }, "9": fed });
  });

  test("a bypassed instance joins by the places of its definition, where the instance has fewer inputs", () => {
    const pair = subgraph("pair", { ins: ["a=INT", "b=INT"], outs: ["x=INT", "y=INT"], nodes: [], links: [] });
    const { inputs } = convert(
      [
        int(5, 1),
        node(3, "pair", { ins: [["b", "INT", 1]], outs: ["x=INT", "y=INT"], mode: 4 }),
        node(9, "Add", {
          ins: [
            ["a", "INT", 2],
            ["b", "INT", 3],
          ],
        }),
      ],
      [
        [1, 5, 0, 3, 0, "INT"],
        [2, 3, 0, 9, 0, "INT"],
        [3, 3, 1, 9, 1, "INT"],
      ],
      { subgraphs: [pair] },
    );
    expect(inputs["9"]).toEqual({ b: ["5", 0] });
  });

  test("an output that nothing inside feeds, or that the subgraph lacks, is told", () => {
    const empty = subgraph("empty", { outs: ["x=INT"], nodes: [], links: [] });
    const { inputs, told } = convert(
      [
        node(3, "empty", { outs: ["x=INT", "gone=INT"] }),
        node(9, "Add", {
          ins: [
            ["a", "INT", 2],
            ["b", "INT", 3],
          ],
        }),
      ],
      [
        [2, 3, 0, 9, 0, "INT"],
        [3, 3, 1, 9, 1, "INT"],
      ],
      { subgraphs: [empty] },
    );
    expect(inputs).toEqual({ "9": {} });
    expect(told("dangling-link")).toEqual([
      expect.stringMatching(/node 3.*output x/),
      expect.stringMatching(/node 3.*output gone/),
    ]);
  });

  test("a Get sees the Set nodes around its subgraph, and the nearest first", () => {
    const set = (id: number, link: number) => node(id, "SetNode", { ins: [["v", "INT", link]], widgets_values: ["n"] });
    const reading = (id: string, ...more: unknown[]) =>
      subgraph(id, {
        nodes: [
          node(1, "GetNode", { outs: ["INT"], widgets_values: ["n"] }),
          node(2, "Add", { ins: [["a", "INT", 1]] }),
          ...more,
        ],
        links: objects([
          [1, 1, 0, 2, 0],
          [2, 3, 0, 4, 0],
        ]),
      });
    const { inputs } = convert(
      [int(5, 1), set(6, 1), node(7, "outside"), node(8, "inside")],
      [[1, 5, 0, 6, 0, "INT"]],
      { subgraphs: [reading("outside"), reading("inside", int(3, 2), set(4, 2))] },
    );
    expect(inputs).toMatchObject({ "7:2": { a: ["5", 0] }, "8:2": { a: ["8:3", 0] } });
  });
});

/** `n` feeds the widgets of two inner nodes, one of them in a nested instance, through a Reroute. */
const fan = subgraph("fan", {
  ins: ["model=MODEL", "n=INT", "text=STRING"],
  nodes: [
    node(1, "Int", { ins: [["value", "INT", 1, "w"]], widgets_values: [100, "fixed"] }),
    node(2, "Reroute", { ins: [["", "*", 1]] }),
    node(3, "leaf", { ins: [["v", "INT", 2, "w"]] }),
    node(4, "Encode", { ins: [["text", "STRING", 3, "w"]], widgets_values: ["inner"] }),
    node(5, "Int", { widgets_values: [55, "fixed"] }),
  ],
  links: objects([
    [1, -10, 1, 1, 0],
    [2, 2, 0, 3, 0],
    [3, -10, 2, 4, 0],
  ]),
});
const leaf = subgraph("leaf", {
  ins: ["v=INT"],
  nodes: [node(1, "Int", { ins: [["value", "INT", 1, "w"]], widgets_values: [200, "fixed"] })],
  links: objects([[1, -10, 0, 1, 0]]),
});

describe("values that an instance keeps", () => {
  const values = (rest: Rest, nodes: readonly unknown[] = [], links: readonly unknown[] = []) => {
    const { inputs } = convert([...nodes, node(9, "fan", rest)], links, { subgraphs: [fan, leaf] });
    return [inputs["9:1"]?.value, inputs["9:3:1"]?.value, inputs["9:4"]?.text, inputs["9:5"]?.value];
  };
  const own = [100, 200, "inner", 55];
  test.each([
    ["none: each widget has its own", {}, own],
    [
      "by place among the inputs that feed widgets, for every target",
      { widgets_values: [7, "outer"] },
      [7, 7, "outer", 55],
    ],
    ["too few", { widgets_values: [7] }, [7, 7, "inner", 55]],
    ["null is none", { widgets_values: [null, "outer"] }, [100, 200, "outer", 55]],
    [
      "by name, before those by place",
      { widgets_values: [7, "outer"], widgets_values_named: { n: 8 } },
      [8, 8, "outer", 55],
    ],
    [
      "old files list widgets, and keep the values inside",
      { widgets_values: [], properties: { proxyWidgets: [["1", "value"]] } },
      own,
    ],
    [
      "as many values as widgets listed",
      {
        widgets_values: [7, 1, "outer"],
        properties: {
          proxyWidgets: [
            ["1", "value"],
            ["5", "value"],
            ["-1", "text"],
          ],
        },
      },
      [7, 7, "outer", 1],
    ],
    [
      "listed as text",
      { widgets_values: [7], properties: { proxyWidgets: '[[1,"value","more"]]' } },
      [7, 7, "inner", 55],
    ],
    ["another number of values", { widgets_values: [7, 8], properties: { proxyWidgets: [["1", "value"]] } }, own],
    [
      "no inputs",
      {
        widgets_values: ["fixed", 1],
        properties: {
          proxyWidgets: [
            ["1", "control_after_generate"],
            ["5", "$$preview"],
          ],
        },
      },
      own,
    ],
    [
      "a list that makes no sense",
      { widgets_values: [7, "outer"], properties: { proxyWidgets: "[" } },
      [7, 7, "outer", 55],
    ],
  ])("%s", (_case, rest, expected) => {
    expect(values(rest)).toEqual(expected);
  });

  test("what is linked has its place in the list, and the link wins", () => {
    const rest: Rest = { ins: [["n", "INT", 1, "w"]], widgets_values: [7, "outer"] };
    expect(values(rest, [int(5, 1)], [[1, 5, 0, 9, 0, "INT"]])).toEqual([["5", 0], ["5", 0], "outer", 55]);
    expect(values(rest, [node(5, "PrimitiveNode", { widgets_values: [33] })], [[1, 5, 0, 9, 0, "INT"]])).toEqual([
      33,
      33,
      "outer",
      55,
    ]);
    expect(values(rest, [int(5, 1, { mode: 2 })], [[1, 5, 0, 9, 0, "INT"]])).toEqual([7, 7, "outer", 55]);
  });

  test("two instances keep two values, 64 bits included", () => {
    const seed = 2n ** 64n - 1n;
    const { inputs } = convert(
      [node(1, "leaf", { widgets_values: [seed] }), node(2, "leaf", { widgets_values_named: { v: seed - 1n } })],
      [],
      { subgraphs: [leaf] },
    );
    expect(inputs).toEqual({ "1:1": { value: seed }, "2:1": { value: seed - 1n } });
  });

  test("a bypassed instance inside has its place in the list too", () => {
    const outer = subgraph("outer", {
      ins: ["v=INT", "w=INT"],
      nodes: [
        node(1, "leaf", { ins: [["v", "INT", 1]], mode: 4 }),
        node(2, "Int", { ins: [["value", "INT", 2, "w"]], widgets_values: [0, "fixed"] }),
      ],
      links: objects([
        [1, -10, 0, 1, 0],
        [2, -10, 1, 2, 0],
      ]),
    });
    const { inputs } = convert([node(9, "outer", { widgets_values: [1, 2] })], [], { subgraphs: [outer, leaf] });
    expect(inputs).toEqual({ "9:2": { value: 2 } });
  });

  test("an outer instance's value comes before an inner one's", () => {
    const outer = subgraph("outer", { nodes: [node(1, "leaf", { widgets_values: [1] })], links: [] });
    const proxy = { properties: { proxyWidgets: [["1", "v"]] } };
    const { inputs } = convert([node(8, "outer"), node(9, "outer", { widgets_values: [2], ...proxy })], [], {
      subgraphs: [outer, leaf],
    });
    expect(inputs).toEqual({ "8:1:1": { value: 1 }, "9:1:1": { value: 2 } });
  });
});

test("whatever a file says, reading and converting it do not throw, and lose nothing of it", () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 9) % below;
  };
  const junk = [
    null,
    0,
    -1,
    1e300,
    2n ** 70n,
    "",
    "fan",
    "-10",
    "GetNode",
    "workflow>g",
    [],
    {},
    [{ toString: 1 }],
    { id: 1 },
  ];
  const groupNodes = { g: { nodes: fan.nodes, links: [[0, 0, 2, 0, "*"]], external: [[0, 0]], config: { 0: {} } } };
  for (let round = 0; round < 300; round++) {
    const file = structuredClone({
      nodes: [node(1, "fan", { widgets_values: [1] }), node(2, "workflow>g"), node(3, "SetNode"), node(4, "GetNode")],
      links: [[1, 1, 0, 2, 0, "*"]],
      definitions: { subgraphs: [fan, leaf, plus] },
      extra: { groupNodes },
    });
    for (let change = 0; change < 10; change++) {
      let place: Record<string, unknown> = random(2) ? file : file.extra;
      let key = "";
      for (let depth = 2 + random(6); depth > 0; depth--) {
        const keys = Object.keys(place);
        key = keys[random(keys.length)] ?? "new";
        const inside = place[key];
        if (typeof inside !== "object" || inside === null || Object.keys(inside).length === 0) break;
        if (depth > 1) place = inside as Record<string, unknown>;
      }
      if (place !== file) place[key] = junk[random(junk.length)];
    }
    const before = structuredClone(file);
    const workflow = readWorkflow(file);
    toPrompt(workflow, { definitions: classes });
    expect(writeWorkflow(workflow)).toEqual(before);
  }
});

describe("what cannot be unfolded", () => {
  const holding = (id: string, ...inner: string[]) =>
    subgraph(id, { nodes: [int(1, 1), ...inner.map((type, i) => node(10 + i, type))], links: [] });

  test("a subgraph inside itself is an error that names the chain; the rest is converted", () => {
    const { inputs, told } = convert([int(5, 1), node(3, "a"), node(4, "ok")], [], {
      subgraphs: [holding("a", "a"), holding("ok")],
    });
    expect(inputs).toEqual({ "5": { value: 1 }, "4:1": { value: 1 } });
    expect(told("recursive-subgraph")).toEqual([expect.stringMatching(/node 3.*the a → the a/)]);
  });
  test("so are two inside each other, wherever the chain begins", () => {
    const subgraphs = [holding("top", "a"), holding("a", "b"), holding("b", "a")];
    const { inputs, told } = convert([node(3, "top"), node(4, "b")], [], { subgraphs });
    expect(inputs).toEqual({ "3:1": { value: 1 } });
    expect(told("recursive-subgraph")).toEqual([
      expect.stringMatching(/node 3:10.*the a → the b → the a/),
      expect.stringMatching(/node 4/),
    ]);
  });
  test("thirty levels of ten instances are refused at once", () => {
    const level = (i: number) => holding(`l${i}`, ...Array.from({ length: 10 }, () => `l${i + 1}`));
    const subgraphs = [...Array.from({ length: 30 }, (_, i) => level(i)), holding("l30")];
    const { inputs, told } = convert([node(1, "l0")], [], { subgraphs });
    expect(inputs).toEqual({});
    expect(told("too-large")).toEqual([expect.stringMatching(/at most 100000/)]);
  });
  test("so are a thousand levels of one, and ten thousand do not overflow", () => {
    for (const depth of [1000, 10_000]) {
      const subgraphs = Array.from({ length: depth }, (_, i) => holding(`l${i}`, `l${i + 1}`));
      expect(convert([node(1, "l0")], [], { subgraphs }).told("too-large")).toHaveLength(1);
    }
  });
  test("a subgraph that the file lacks is an error", () => {
    const { told } = convert([node(3, "5b0e7d8e-1111-4222-8333-444455556666"), node(4, "workflow>gone")]);
    expect(told("missing-subgraph")).toHaveLength(2);
  });
  test("of two nodes with one id in the prompt the first stays, and nothing is linked to the other", () => {
    const { inputs, told } = convert(
      [
        int("3:1", 5),
        instance(3, "plus", null),
        node(9, "Add", {
          ins: [
            ["a", "INT", 1],
            ["b", "INT", 2],
          ],
        }),
      ],
      [
        [1, "3:1", 0, 9, 0, "INT"],
        [2, 3, 0, 9, 1, "INT"],
      ],
      { subgraphs: [plus] },
    );
    expect(inputs["3:1"]).toEqual({ value: 5 });
    expect(inputs["3:2"]).toEqual({});
    expect(told("id-collision")).toEqual([expect.stringMatching(/node 3:1/)]);
  });
});
