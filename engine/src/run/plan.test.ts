import { beforeAll, describe, expect, test } from "vitest";
import { type Bench, bench } from "../../test/bench.js";
import { any, branch, choice, grow, int, link, optional, text } from "./inputs.js";
import { defineNode } from "./node.js";
import { isRefused, type Plan, plan } from "./plan.js";
import type { Refused } from "./problems.js";
import { INT, STRING, socket } from "./socket.js";

const IMAGE = socket<string>("IMAGE");
const nodes = [
  defineNode({
    id: "Number",
    category: "",
    doc: "",
    inputs: { value: int({ min: 0, max: 10 }) },
    outputs: { value: INT },
    run: ({ value }) => ({ value }),
  }),
  defineNode({
    id: "Picture",
    category: "",
    doc: "",
    inputs: { size: int(), mode: choice(["a", "b"]), name: optional(text()) },
    outputs: { image: IMAGE, name: STRING },
    run: () => ({ image: "", name: "" }),
  }),
  defineNode({
    id: "Save",
    category: "",
    doc: "",
    inputs: { image: link(IMAGE) },
    outputs: {},
    output: true,
    run: () => ({}),
  }),
  defineNode({
    id: "Show",
    category: "",
    doc: "",
    inputs: { value: any() },
    outputs: { value: socket<unknown>("*") },
    output: true,
    run: ({ value }) => ({ value }),
  }),
  defineNode({
    id: "Many",
    category: "",
    doc: "",
    inputs: {
      values: grow(int(), { prefix: "value", min: 1, max: 3 }),
      mode: branch({ count: { by: int() }, list: { items: text() } }),
    },
    outputs: { value: INT },
    output: true,
    run: ({ values }) => ({ value: values.length }),
  }),
];

let rig: Bench;
beforeAll(async () => {
  rig = await bench(nodes);
});

const planned = (prompt: unknown, targets?: string[]) => plan(prompt, rig.definitions, { targets });
const node = (class_type: string, inputs: object, title?: string) => ({
  class_type,
  inputs,
  ...(title === undefined ? {} : { _meta: { title } }),
});
const typesOf = (result: Plan | Refused, id: string) => result.node_errors[id]?.errors.map(({ type }) => type);

describe("a prompt in order", () => {
  test("gives steps with sources first, and only those that targets need", () => {
    const result = planned({
      save: node("Save", { image: ["picture", 0] }),
      picture: node("Picture", { size: ["number", 0], mode: "a", unknown: 1 }),
      number: node("Number", { value: "5" }),
      idle: node("Number", { value: "not a number" }),
    }) as Plan;
    expect([...result.steps.keys()]).toEqual(["number", "picture", "save"]);
    expect(result.targets).toEqual(["save"]);
    expect(result.node_errors).toEqual({});
    expect(result.steps.get("number")?.bindings[0]?.value).toBe(5);
  });

  test("grown and branched inputs are read by their dotted names, in order", () => {
    const inputs = { "values.value2": 2, "values.value0": 0, mode: "list", "mode.items": "x", "mode.by": "ignored" };
    const result = planned({ 1: node("Many", inputs) }) as Plan;
    expect(result.steps.get("1")?.bindings.map(({ name, value }) => [name, value])).toEqual([
      ["values.value0", 0],
      ["values.value2", 2],
      ["mode", "list"],
      ["mode.items", "x"],
    ]);
  });

  test("targets can be narrowed, and any node can be one", () => {
    const prompt = {
      1: node("Number", { value: 1 }),
      2: node("Show", { value: ["1", 0] }),
      3: node("Show", { value: ["nowhere", 0] }),
    };
    expect((planned(prompt, ["2", "gone"]) as Plan).targets).toEqual(["2"]);
    expect((planned(prompt, ["1"]) as Plan).targets).toEqual(["1"]);
  });
});

describe("what is wrong is told all at once", () => {
  test("each with the node, its title, the input, what was found and what was expected", () => {
    const result = planned({
      7: node("Picture", { size: "big", mode: "c" }, "My picture"),
      8: node("Save", { image: ["7", 1] }),
    }) as Refused;
    expect(result.error.type).toBe("prompt_outputs_failed_validation");
    expect(typesOf(result, "7")).toEqual(["invalid_input_type", "value_not_in_list"]);
    expect(typesOf(result, "8")).toEqual(["return_type_mismatch"]);
    expect(result.node_errors["7"]).toMatchObject({ class_type: "Picture", dependent_outputs: ["8"] });
    expect(result.node_errors["7"]?.errors[0]).toMatchObject({
      details: 'Picture "My picture" (node 7), input size: "big" is not an integer',
      extra_info: { node_id: "7", node_title: "My picture", input_name: "size", received_value: "big" },
    });
    expect(result.node_errors["8"]?.errors[0]?.extra_info).toMatchObject({
      received_type: "STRING",
      linked_node: ["7", 1],
      input_config: ["IMAGE", {}],
    });
    expect(result.error.details.split("\n")).toHaveLength(3);
  });

  test.each([
    ["required_input_missing", node("Number", {})],
    ["value_smaller_than_min", node("Number", { value: -1 })],
    ["value_bigger_than_max", node("Number", { value: 11 })],
    ["bad_linked_input", node("Number", { value: ["gone", 0] })],
    ["bad_linked_input", node("Number", { value: ["ok", 1] })],
    ["bad_linked_input", node("Number", { value: ["ok", -1] })],
    ["bad_linked_input", node("Number", { value: ["ok", 0.5] })],
    ["bad_linked_input", node("Number", { value: [5, 0] })],
    ["bad_linked_input", node("Number", { value: [1, 2, 3] })],
    ["bad_linked_input", node("Save", { image: "a picture" })],
    ["invalid_input_type", { class_type: "Number", inputs: 5 }],
    ["invalid_dynamic_input", node("Many", { "values.value0": 1, "values.value3": 1, mode: "count", "mode.by": 1 })],
    ["invalid_dynamic_input", node("Many", { "values.value0": 1, "values.value00": 1, mode: "count", "mode.by": 1 })],
    ["invalid_dynamic_input", node("Many", { "values.value0": 1, mode: ["ok", 0] })],
    ["required_input_missing", node("Many", { mode: "count", "mode.by": 1 })],
    ["required_input_missing", node("Many", { "values.value0": 1, mode: "count" })],
    ["value_not_in_list", node("Many", { "values.value0": 1, mode: "constructor" })],
  ])("%s: %o", (type, faulty) => {
    const result = planned({ ok: node("Number", { value: 1 }), 1: faulty }, ["1"]);
    expect(typesOf(result, "1")).toContain(type);
  });

  test("unknown types refuse the whole prompt, with a suggestion", () => {
    const result = planned({ 1: node("numbr", {}, "T"), 2: node("Show", { value: 1 }) }) as Refused;
    expect(result.error.type).toBe("missing_node_type");
    expect(result.error.details).toContain("did you mean Number?");
    expect(result.error.extra_info).toEqual({ node_id: "1", class_type: "numbr", node_title: "T" });
  });

  test("what a node of unknown type is linked to is checked all the same", () => {
    const result = planned({
      1: node("Number", { value: "seven" }),
      2: node("Unknwn", { any: ["1", 0] }),
      3: node("Show", { value: ["2", 0] }),
    }) as Refused;
    expect(Object.keys(result.node_errors)).toEqual(["1", "2"]);
  });

  test.each([
    [undefined, "no_prompt"],
    [null, "no_prompt"],
    [[], "no_prompt"],
    ["x", "no_prompt"],
    [{}, "prompt_no_outputs"],
    [{ 1: node("Number", { value: 1 }) }, "prompt_no_outputs"],
    [{ 1: null }, "missing_node_type"],
    [{ 1: { inputs: {} } }, "missing_node_type"],
    [{ 1: { class_type: { toString: 1 }, inputs: {} } }, "missing_node_type"],
    [{ 1: node("constructor", {}) }, "missing_node_type"],
    [{ 1: node("__proto__", {}) }, "missing_node_type"],
    [
      JSON.parse('{"__proto__": {"class_type": "Save", "inputs": {"image": ["__proto__", 0]}}}'),
      "prompt_outputs_failed_validation",
    ],
  ])("%o is refused as %s", (prompt, type) => {
    expect((planned(prompt) as Refused).error.type).toBe(type);
  });

  test("targets in order run though others are not", () => {
    const result = planned({
      1: node("Number", { value: 99 }),
      2: node("Show", { value: ["1", 0] }),
      3: node("Number", { value: 3 }),
      4: node("Show", { value: ["3", 0] }),
      5: node("Show", { value: ["2", 0] }),
    }) as Plan;
    expect(isRefused(result)).toBe(false);
    expect(result.targets).toEqual(["4"]);
    expect([...result.steps.keys()]).toEqual(["3", "4"]);
    expect(result.node_errors["1"]?.dependent_outputs).toEqual(["2", "5"]);
  });

  test("a circle is told of each node in it", () => {
    const result = planned({
      1: node("Show", { value: ["2", 0] }),
      2: node("Show", { value: ["3", 0] }),
      3: node("Show", { value: ["2", 0] }),
      4: node("Show", { value: ["4", 0] }),
    }) as Refused;
    expect(typesOf(result, "2")).toEqual(["dependency_cycle"]);
    expect(typesOf(result, "3")).toEqual(["dependency_cycle"]);
    expect(typesOf(result, "4")).toEqual(["dependency_cycle"]);
    expect(typesOf(result, "1")).toBeUndefined();
  });

  test("hostile sizes neither overflow the stack nor cost the square", () => {
    const count = 10_000;
    const circle = Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`n${i}`, node("Show", { value: [`n${(i + 1) % count}`, 0] })]),
    );
    expect(Object.keys(planned(circle).node_errors)).toHaveLength(count);
    const back = Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `n${i}`,
        node("Many", { "values.value0": [`n${i + 1}`, 0], "values.value1": ["n0", 0], mode: "count", "mode.by": 1 }),
      ]),
    );
    expect(isRefused(planned(back))).toBe(true);
    const unknown = Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, node(`Numbr${i}`, {})]));
    expect((planned(unknown) as Refused).error.type).toBe("missing_node_type");
  });
});
