import { describe, expect, test } from "vitest";
import { bool, choice, float, type InputDefinition, int, integer, link, text } from "./inputs.js";
import { readLiteral, type Unfit } from "./literal.js";
import { socket } from "./socket.js";

const read = (value: unknown, input: object) => readLiteral(value, input as InputDefinition);
const refusal = (value: unknown, input: object) => (read(value, input) as Unfit).type;

describe("coercions are ComfyUI's", () => {
  test.each([
    [5.7, int(), 5],
    [-5.7, int(), -5],
    ["5", int(), 5],
    [" +1_000 ", int(), 1000],
    [true, int(), 1],
    [5, integer(), 5n],
    ["18446744073709551615", integer(), 18446744073709551615n],
    [18446744073709551615n, integer(), 18446744073709551615n],
    [12n, int(), 12],
    ["1e3", float(), 1000],
    [".5", float(), 0.5],
    [true, float(), 1],
    [2n ** 60n, float(), 2 ** 60],
    [5, text(), "5"],
    [true, text(), "True"],
    ["a\0b", text(), "a\0b"],
    ["false", bool(), true],
    ["", bool(), false],
    [0, bool(), false],
    [{ __value__: "7" }, int(), 7],
    ["b", choice(["a", "b"]), "b"],
  ])("%o for %o is %o", (value, input, expected) => {
    expect(read(value, input)).toBe(expected);
  });

  test("a wrapped array is a value", () => {
    expect(read({ __value__: ["1", 0] }, link(socket("*")))).toEqual(["1", 0]);
  });
});

describe("refuses", () => {
  test.each([
    ["5.7", int()],
    ["0x10", int()],
    ["", int()],
    [null, int()],
    [Number.NaN, int()],
    [2 ** 53, int()],
    [2n ** 60n, int()],
    ["9".repeat(10_000), integer()],
    ["nan", float()],
    ["inf", float()],
    [Number.POSITIVE_INFINITY, float()],
    [{}, float()],
    [`${"1".repeat(399)}x`, float()],
    [null, text()],
    [{ a: 1 }, text()],
    [null, bool()],
    [{ __proto__: { __value__: 5 } }, int()],
  ])("%o for %o", (value, input) => {
    expect(refusal(value, input)).toBe("invalid_input_type");
  });

  test("what lies outside the bounds, also of 64 bits", () => {
    expect(refusal(-1, int({ min: 0 }))).toBe("value_smaller_than_min");
    expect(refusal(1.01, float({ max: 1 }))).toBe("value_bigger_than_max");
    expect(refusal(2n ** 64n, integer({ max: 2n ** 64n - 1n }))).toBe("value_bigger_than_max");
    expect(read(2n ** 64n - 1n, integer({ max: 2n ** 64n - 1n }))).toBe(2n ** 64n - 1n);
  });

  test("a literal where only a link can be", () => {
    expect(refusal("x", link(socket("IMAGE")))).toBe("bad_linked_input");
  });

  test("what is not among the choices, and says what was probably meant", () => {
    const unfit = read("eulr", choice(["euler", "heun"])) as Unfit;
    expect(unfit.type).toBe("value_not_in_list");
    expect(unfit.reason).toContain('did you mean "euler"?');
  });
});

describe("choices of files", () => {
  const files = { type: "COMBO", choices: ["sub/model.safetensors"], dynamic: true } as const;

  test("have either separator", () => {
    expect(read("sub\\model.safetensors", files)).toBe("sub/model.safetensors");
    expect(refusal("sub\\model.safetensors", { ...files, dynamic: false })).toBe("value_not_in_list");
  });

  test("are let through when the node checks them itself", () => {
    expect(read("other.png [output]", { ...files, open: true })).toBe("other.png [output]");
  });
});
