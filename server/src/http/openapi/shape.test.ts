import { expect, test } from "vitest";
import { shapeOf } from "./shape.js";

test.each([
  [{ type: "string" }, "string"],
  [{}, "any"],
  [{ type: "string", format: "binary" }, "bytes"],
  [{ enum: ["a", 1] }, '"a" | 1'],
  [{ const: true }, "true"],
  [{ $ref: "#/components/schemas/Job" }, "Job"],
  [{ type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } }, "(string | number)[]"],
  [{ type: "object", additionalProperties: { type: "number" } }, "{ [name]: number }"],
  [{ type: "object", properties: {}, additionalProperties: {} }, "object"],
  [
    {
      type: "object",
      required: ["a"],
      properties: { a: { type: "object", properties: { b: { type: "integer", description: "How many" } } } },
    },
    "{\n  a: {\n    b?: integer  // How many\n  }\n}",
  ],
])("%j reads as %s", (schema, text) => {
  expect(shapeOf(schema)).toBe(text);
});
