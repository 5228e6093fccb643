import { describe, expect, test } from "vitest";
import { convert, node, objects, subgraph } from "../../test/saved.js";
import { parseJson, stringifyJson } from "../run/json.js";
import { kindOf, readWorkflow, writeWorkflow } from "./document.js";
import { WorkflowError } from "./findings.js";

describe("what a file is", () => {
  test.each([
    ["saved", { nodes: [], links: [] }],
    ["api", { "3": { class_type: "KSampler", inputs: {} } }],
    ["unknown", {}],
    ["unknown", { prompt: { "3": { class_type: "KSampler" } } }],
    ["unknown", []],
    ["unknown", null],
    ["unknown", "nodes"],
  ])("%s", (kind, value) => {
    expect(kindOf(value)).toBe(kind);
    if (kind !== "saved") expect(() => readWorkflow(value)).toThrow(WorkflowError);
  });
});

test("writing gives back what was read: unknown fields, bigints, keys named like JavaScript's own", () => {
  const text = `{"nodes":[{"id":1,"type":"X","new":{"__proto__":[1]},"widgets_values":[18446744073709551615]},{"type":7}],
    "links":[[1,2],null],"version":0.4,"extra":{"constructor":1,"ds":{"scale":0.5}},"__proto__":{"a":null}}`;
  const workflow = readWorkflow(parseJson(text));
  expect(workflow.findings.length).toBeGreaterThan(0);
  expect(stringifyJson(writeWorkflow(workflow))).toBe(text.replace(/\s/g, ""));
});

describe("a part that makes no sense is named, and the rest is read", () => {
  test.each([
    ["bad-node", { id: 9, type: 42 }, /nodes\[1\].*type is 42, but should be a text/],
    ["bad-node", { type: "Int" }, /nodes\[1\].*id is missing, but should be an id/],
    ["bad-node", null, /nodes\[1\].*it is null/],
    ["bad-node", { id: 9, type: "Int", mode: "loud" }, /mode is "loud"/],
    ["duplicate-node", node("1", "Save"), /id of an earlier node/],
    ["bad-slot", { id: 9, type: "Int", inputs: [7] }, /node 9, inputs\[0\].*it is 7/],
    ["bad-inputs", { id: 9, type: "Int", inputs: "x" }, /inputs is no list/],
  ])("%s %j", (code, bad, message) => {
    const { inputs, told } = convert([node(1, "Int", { values: [], widgets_values: [5] }), bad]);
    expect(inputs["1"]).toEqual({ value: 5 });
    expect(told(code)).toEqual([expect.stringMatching(message)]);
  });

  test("links: as lists, as objects, with texts as slots; bad ones are named", () => {
    const { inputs, told } = convert(
      [
        node(1, "Int", { outs: ["INT"], widgets_values: [5] }),
        node(2, "Add", {
          ins: [
            ["a", "INT", 1],
            ["b", "INT", "2"],
          ],
        }),
        node(3, "Add", {
          ins: [
            ["a", "INT", 3],
            ["b", "INT", 4],
          ],
        }),
      ],
      [
        [1, 1, "0", 2, 0, "INT", "more"],
        ...objects([[2, "1", 0, 2, 1]]),
        [3, 1],
        { id: 4, origin_id: 1, origin_slot: -1 },
      ],
    );
    expect(inputs["2"]).toEqual({ a: ["1", 0], b: ["1", 0] });
    expect(inputs["3"]).toEqual({});
    expect(told("bad-link")).toEqual([
      expect.stringMatching(/links\[2\].*origin_slot is missing, but should be a slot/),
      expect.stringMatching(/links\[3\].*origin_slot is -1/),
    ]);
  });

  test("subgraphs without an id or a list of nodes", () => {
    const { told } = convert([], [], {
      subgraphs: [{ nodes: [] }, { id: "x" }, subgraph("y", { nodes: [], links: [] })],
    });
    expect(told("bad-subgraph")).toEqual([
      expect.stringMatching(/subgraphs\[0\] has no id/),
      expect.stringMatching(/subgraphs\[1\] \(x\) has no list of nodes/),
    ]);
  });

  test("links that nothing reads", () => {
    expect(convert([node(1, "Int", { widgets_values: [1] })], [[7, 1, 0, 5, 0, "INT"]]).told("unclaimed-link")).toEqual(
      [expect.stringMatching(/link 7/)],
    );
  });
});
