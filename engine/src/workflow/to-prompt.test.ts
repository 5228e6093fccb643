import { describe, expect, test } from "vitest";
import { classes, convert, node, objects, type Rest, subgraph } from "../../test/saved.js";

const int = (id: number | string, value: unknown, rest: Rest = {}) =>
  node(id, "Int", { outs: ["INT"], widgets_values: [value, "fixed"], ...rest });
const add = (id: number | string, a: number | null, b: number | null = null, rest: Rest = {}) =>
  node(id, "Add", {
    ins: [
      ["a", "INT", a],
      ["b", "INT", b],
    ],
    outs: ["INT"],
    ...rest,
  });

test("a node is its class, its title and its inputs, in the order of the file", () => {
  const { prompt } = convert([
    int("b", 1),
    int("a", 2, { title: "Two" }),
    node("c", "Int", { title: "", widgets_values: [3] }),
  ]);
  expect(Object.keys(prompt)).toEqual(["b", "a", "c"]);
  expect(prompt.a).toEqual({ inputs: { value: 2 }, class_type: "Int", _meta: { title: "Two" } });
  expect(prompt.c?._meta?.title).toBe("Int title");
});

test("what an input says is what feeds it, whatever the link says it feeds", () => {
  const { inputs } = convert(
    [int(1, 5), add(2, 8, 9)],
    [
      [8, 1, 0, 77, 3, "INT"],
      [9, 1, 0, 2, 0, "INT"],
    ],
  );
  expect(inputs["2"]).toEqual({ a: ["1", 0], b: ["1", 0] });
});

test("nodes and inputs named like JavaScript's own", () => {
  const { prompt } = convert(
    [
      int("__proto__", 5),
      int("constructor", 6),
      add("x", 1, 2),
      node("y", "Odd", { widgets_values: JSON.parse('{"__proto__":1}') }),
    ],
    [
      [1, "__proto__", 0, "x", 0, "INT"],
      [2, "constructor", 0, "x", 1, "INT"],
    ],
  );
  expect(Object.keys(prompt)).toEqual(["__proto__", "constructor", "x", "y"]);
  expect(prompt.x?.inputs).toEqual({ a: ["__proto__", 0], b: ["constructor", 0] });
  expect(Object.keys(prompt.y!.inputs)).toEqual(["__proto__"]);
});

describe("modes", () => {
  test("a muted node is not there, and what it fed keeps its own value", () => {
    const { inputs, findings } = convert(
      [
        int(1, 5, { mode: 2 }),
        node(2, "Int", { ins: [["value", "INT", 1, "w"]], widgets_values: [9, "fixed"] }),
        add(3, 2),
      ],
      [
        [1, 1, 0, 2, 0, "INT"],
        [2, 1, 0, 3, 0, "INT"],
      ],
    );
    expect(inputs).toEqual({ "2": { value: 9 }, "3": {} });
    // One that has no value of its own cannot run, and validation would not know why.
    expect(findings).toEqual([expect.objectContaining({ severity: "warning", code: "unfed", node: "3", input: "a" })]);
  });

  test.each([
    ["the input at the same place, if it fits", ["IMAGE", "IMAGE"], 1, 1],
    ["else the first of the same type", ["MASK", "IMAGE,MASK", "IMAGE"], 0, 2],
    ["else the first that fits", ["MASK", "LATENT,image"], 0, 1],
    ["a wildcard fits", ["MASK", "*"], 0, 1],
    ["else nothing", ["MASK", "LATENT"], 0, undefined],
  ])("a bypassed node joins an output to %s", (_case, types, slot, expected) => {
    const sources = types.map((_, i) => node(10 + i, "Anything", { outs: ["*"] }));
    const bypassed = node(1, "Unknown", {
      ins: types.map((type, i) => [`i${i}`, type, i] as const),
      outs: ["IMAGE", "IMAGE"],
      mode: 4,
    });
    const links = [...types.map((_, i) => [i, 10 + i, 0, 1, i, "*"]), [50, 1, slot, 2, 0, "*"]];
    const { prompt } = convert([...sources, bypassed, node(2, "Invert", { ins: [["image", "IMAGE", 50]] })], links);
    expect(prompt["2"]!.inputs).toEqual(expected === undefined ? {} : { image: [`${10 + expected}`, 0] });
    expect(prompt["1"]).toBeUndefined();
  });

  test("bypassed nodes in a row", () => {
    const through = (id: number, link: number) =>
      node(id, "Invert", { ins: [["image", "IMAGE", link]], outs: ["IMAGE"], mode: 4 });
    const { inputs } = convert(
      [
        node(1, "LoadImage", { outs: ["IMAGE", "MASK"], widgets_values: ["x.png", "image"] }),
        through(2, 1),
        through(3, 2),
        node(4, "Save", { ins: [["images", "IMAGE", 3]], widgets_values: ["p"] }),
      ],
      [
        [1, 1, 0, 2, 0, "IMAGE"],
        [2, 2, 0, 3, 0, "IMAGE"],
        [3, 3, 0, 4, 0, "IMAGE"],
      ],
    );
    expect(inputs).toEqual({ "1": { image: "x.png" }, "4": { images: ["1", 0], filename_prefix: "p" } });
  });
});

describe("nodes of the editor alone", () => {
  test("notes go; a Reroute is what feeds it, whatever its input is called and even bypassed", () => {
    const { inputs } = convert(
      [
        node(1, "Note", { widgets_values: ["hello"] }),
        node(2, "MarkdownNote"),
        int(3, 1),
        node(4, "Reroute", { ins: [["", "*", 1]], mode: 4 }),
        node(5, "Reroute", { ins: [["any", "*", 2]] }),
        add(6, 3),
      ],
      [
        [1, 3, 0, 4, 0, "*"],
        [2, 4, 0, 5, 0, "*"],
        [3, 5, 0, 6, 0, "*"],
      ],
    );
    expect(inputs).toEqual({ "3": { value: 1 }, "6": { a: ["3", 0] } });
  });

  const primitive = (rest: Rest = {}) =>
    node(1, "PrimitiveNode", { outs: ["INT"], widgets_values: [64, "fixed"], ...rest });
  const reader = node(2, "Int", { ins: [["value", "INT", 1, "w"]], widgets_values: [9, "fixed"] });
  test("a primitive is its value in every input that it feeds", () => {
    const links = [
      [1, 1, 0, 2, 0, "INT"],
      [2, 1, 0, 3, 0, "INT"],
    ];
    expect(convert([primitive(), reader, add(3, 2)], links).inputs).toEqual({ "2": { value: 64 }, "3": { a: 64 } });
    expect(convert([primitive({ mode: 2 }), reader], links).inputs).toEqual({ "2": { value: 9 } });
    expect(convert([primitive({ mode: 4 }), reader], links).inputs).toEqual({ "2": { value: 9 } });
    expect(convert([primitive({ widgets_values: [] }), reader], links).inputs).toEqual({ "2": { value: 9 } });
  });
  test("a primitive of another kind than its target is named, and the target keeps its own", () => {
    const { inputs, told } = convert([primitive({ widgets_values: ["many"] }), reader], [[1, 1, 0, 2, 0, "INT"]]);
    expect(inputs).toEqual({ "2": { value: 9 } });
    expect(told("unfit-value")).toEqual([expect.stringMatching(/node 2.*value.*"many".*INT/)]);
  });

  const set = (id: number, name: string, link: number | null, rest: Rest = {}) =>
    node(id, "SetNode", { ins: [["INT", "INT", link]], outs: ["*"], widgets_values: [name], ...rest });
  const get = (id: number, name: string) => node(id, "GetNode", { outs: ["INT"], widgets_values: [name] });
  test("Set and Get nodes are joined by name", () => {
    const links = [
      [1, 1, 0, 2, 0, "INT"],
      [2, 3, 0, 4, 0, "INT"],
      [3, 2, 0, 4, 1, "INT"],
    ];
    expect(convert([int(1, 5), set(2, "n", 1), get(3, "n"), add(4, 2, 3)], links).inputs["4"]).toEqual({
      a: ["1", 0],
      b: ["1", 0],
    });
    expect(convert([int(1, 5), set(2, "n", 1, { mode: 4 }), get(3, "n"), add(4, 2)], links).inputs["4"]).toEqual({
      a: ["1", 0],
    });
    expect(convert([int(1, 5), set(2, "n", 1, { mode: 2 }), get(3, "n"), add(4, 2)], links).inputs["4"]).toEqual({});
  });
  test("a Get with no Set, or with two, is an error", () => {
    const links = [
      [1, 1, 0, 2, 0, "INT"],
      [2, 3, 0, 4, 0, "INT"],
    ];
    const none = convert([int(1, 5), set(2, "m", 1), get(3, "n"), add(4, 2)], links);
    expect(none.inputs["4"]).toEqual({});
    expect(none.told("missing-set")).toEqual([expect.stringMatching(/node 3.*no SetNode sets "n"/)]);
    const two = convert([int(1, 5), set(2, "n", 1), set(7, "n", 1), get(3, "n"), add(4, 2)], links);
    expect(two.inputs["4"]).toEqual({});
    expect(two.told("duplicate-set")).toEqual([expect.stringMatching(/nodes 2 and 7 both set "n"/)]);
  });
  test("circles through them are errors, and end", () => {
    const links = [
      [1, 2, 0, 1, 0, "*"],
      [2, 1, 0, 2, 0, "*"],
      [3, 2, 0, 3, 0, "*"],
    ];
    const { inputs, told } = convert(
      [node(1, "Reroute", { ins: [["", "*", 1]] }), node(2, "Reroute", { ins: [["", "*", 2]] }), add(3, 3)],
      links,
    );
    expect(inputs).toEqual({ "3": {} });
    expect(told("virtual-cycle")).toEqual([expect.stringMatching(/node 3.*input a.*leads back to itself/)]);
  });
});

test("a dangling link is named, and its input is unlinked", () => {
  const { inputs, told } = convert([add(1, 5, 6)], [[5, 99, 0, 1, 0, "INT"]]);
  expect(inputs).toEqual({ "1": {} });
  expect(told("dangling-link")).toEqual([
    expect.stringMatching(/node 1\), input a: link 5 comes from node 99/),
    expect.stringMatching(/node 1\), input b: link 6 is not in the file/),
  ]);
});

test("a long chain of Reroutes does not overflow, nor cost its square", () => {
  const count = 20_000;
  const chain = Array.from({ length: count }, (_, i) => node(i + 1, "Reroute", { ins: [["", "*", i]] }));
  const links = Array.from({ length: count }, (_, i) => [i, i, 0, i + 1, 0, "*"]);
  const ends = Array.from({ length: 1000 }, (_, i) => add(`e${i}`, count));
  const { inputs } = convert([int(0, 1), ...chain, ...ends], [...links, [count, count, 0, "e", 0, "*"]]);
  expect(inputs.e999).toEqual({ a: ["0", 0] });
});

describe("file names", () => {
  const save = (prefix: string, link: number | null = null) =>
    node(9, "Save", {
      ins: [
        ["images", "IMAGE", null],
        ["filename_prefix", "STRING", link, "w"],
      ],
      widgets_values: [prefix],
    });
  const prefixOf = (prefix: string, others: readonly unknown[]) => {
    const { inputs, told } = convert([...others, save(prefix)]);
    return [inputs["9"]?.filename_prefix, told("file-name").length];
  };
  const sampler = node(1, "Sampler", {
    title: "My sampler",
    properties: { "Node name for S&R": "Sampler" },
    widgets_values: [2n ** 63n, "fixed", 4, 2.5, "euler"],
  });
  test.each([
    ["%Sampler.seed%_%My sampler.cfg%", "9223372036854775808_2.5", 0],
    ["%Enc.text%", "a_b_c_ d", 0],
    ["%date:yyyy-MM.dd%/%width%/%year%", "%date:yyyy-MM.dd%/%width%/%year%", 0],
    ["%Nobody.seed%", "%Nobody.seed%", 1],
    ["%Sampler.colour%", "%Sampler.colour%", 1],
    ["%Number.value%", "31", 0],
  ])("%s is %s", (prefix, expected, remarks) => {
    const text = node(2, "Encode", { title: "Enc", widgets_values: ["a/b:c\n d"] });
    const number = node(3, "PrimitiveNode", { title: "Number", widgets_values: [31, "fixed"] });
    expect(prefixOf(prefix, [sampler, text, number])).toEqual([expected, remarks]);
  });
  test("of two nodes of one name the first is meant, which is told", () => {
    expect(prefixOf("%T.value%", [int(1, 5, { title: "T" }), int(2, 6, { title: "T" })])).toEqual(["5", 1]);
  });
  test("a subgraph's node has the values that it shows, under its definition's name unless it has a title", () => {
    const inside = { nodes: [int(1, 5, { ins: [["value", "INT", 1, "w"]] })], links: objects([[1, -10, 0, 1, 0]]) };
    const subgraphs = [subgraph("s", { ins: ["n=INT"], ...inside })];
    const { inputs } = convert([node(1, "s", { widgets_values: [8] }), save("%the s.n%")], [], { subgraphs });
    expect(inputs["9"]?.filename_prefix).toBe("8");
  });
  test("twenty thousand nodes that name each other do not cost their square", () => {
    const saves = Array.from({ length: 20_000 }, (_, i) =>
      node(i, "Save", { title: `T${i}`, widgets_values: [`%T${(i + 1) % 20_000}.nothing%`] }),
    );
    expect(convert(saves).told("file-name")).toHaveLength(20_000);
  });
});

describe("dynamic prompts", () => {
  const encode = (id: number, text: string) => node(id, "Encode", { widgets_values: [text] });
  const seeded = node(5, "Sampler", { widgets_values: [2n ** 64n - 1n, "fixed", 4, 2.5, "euler"] });
  test("are chosen from the workflow's first seed, each place for itself, and told", () => {
    const text = `{${Array.from({ length: 50 }, (_, i) => `c${i}`).join("|")}}`;
    const { inputs, seed, told } = convert([encode(1, text), encode(2, text), encode(3, "plain"), seeded]);
    expect(seed).toBe(2n ** 64n - 1n);
    expect(inputs["1"]?.text).toMatch(/^c\d+$/);
    expect(inputs["1"]).not.toEqual(inputs["2"]);
    expect(told("dynamic-prompt")).toHaveLength(2);
    const other = convert([encode(1, text)], [], { options: { dynamicPrompts: { seed: 3n } } });
    expect(other.seed).toBe(3n);
    expect(convert([encode(1, text)]).seed).toBe(0n);
  });
  test("a seed by name comes before a number that changes after each run", () => {
    const text = encode(1, "{a|b}");
    expect(convert([text, int(2, 31)]).seed).toBe(31n);
    expect(convert([text, int(2, 31), seeded]).seed).toBe(2n ** 64n - 1n);
  });
  test("only where the class says so, and not at all on demand", () => {
    const { inputs, seed } = convert([node(1, "Save", { widgets_values: ["{a|b}"] })]);
    expect(inputs["1"]).toEqual({ filename_prefix: "{a|b}" });
    expect(seed).toBeUndefined();
    const off = convert([encode(1, "{a|b} // c")], [], { options: { dynamicPrompts: false } });
    expect(off.inputs["1"]).toEqual({ text: "{a|b} // c" });
    expect(off.seed).toBeUndefined();
  });
  test("that nest too deep are told and stay", () => {
    const text = "{".repeat(500);
    const { inputs, told } = convert([encode(1, text)]);
    expect(inputs["1"]).toEqual({ text });
    expect(told("dynamic-prompt")).toEqual([expect.stringMatching(/100 deep; it is left as it is/)]);
  });
});

test("converting changes nothing in the file", () => {
  const nodes = [int(1, 5), add(2, 1)];
  const before = structuredClone(nodes);
  convert(nodes, [[1, 1, 0, 2, 0, "INT"]]);
  expect(nodes).toEqual(before);
  expect(classes.size).toBeGreaterThan(0);
});
