import { describe, expect, test } from "vitest";
import { parseJson, stringifyJson } from "./json.js";

describe("parseJson", () => {
  test("a mistake is told by line and column", () => {
    expect(() => parseJson('{\n  "a": 1,\n  "b" 2\n}')).toThrow(/at line 3, column 7/);
  });

  test("integers beyond 2^53 are bigints, and come back digit by digit", () => {
    const text =
      '{"seed":18446744073709551615,"low":-9007199254740993,"exact":9007199254740991,"x":0.1234567890123456789}';
    const x = Number("0.1234567890123456789");
    const value = parseJson(text) as Record<string, unknown>;
    expect(value).toEqual({
      seed: 18446744073709551615n,
      low: -9007199254740993n,
      exact: 9007199254740991,
      x,
    });
    expect(parseJson(stringifyJson(value))).toEqual(value);
  });

  test("long digits inside strings, and equal keys, change nothing", () => {
    const text = '{"a":"12345678901234567890","a":"\\u00e9\\n","b":[1e3,-0.5,true,null]}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test.each(['{"__proto__":{"hacked":1}}', '{"n":12345678901234567890,"__proto__":{"hacked":1}}'])(
    "__proto__ is a key like any other: %s",
    (text) => {
      const value = parseJson(text) as object;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toContain("__proto__");
      expect("hacked" in value).toBe(false);
    },
  );

  test.each([
    ["[".repeat(100_000) + "]".repeat(100_000), /nested more than 500/],
    [`[1234567890123456789,${"[".repeat(100_000)}`, /nested more than 500/],
    ['{"a":', /JSON/],
    [`[${"9".repeat(2000)}]`, /2000 digits/],
    ['{"a":[1,1e999]}', /1e999 is too large/],
    [`[-${"9".repeat(300)}E+10]`, /too large/],
    ["[0.1e+400]", /too large/],
  ])("refuses %#", (text, reason) => {
    expect(() => parseJson(text)).toThrow(reason);
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test("refuses text beyond the limit before parsing it", () => {
    expect(() => parseJson('"aaaaaaaa"', { size: 5 })).toThrow("10 characters long (at most 5)");
  });

  test("powers within bounds are as with JSON.parse", () => {
    const text = '[1e308,-1.5E+300,1e-400,123e0005,"1e999"]';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test("refuses more values than are asked for, before they take memory", () => {
    expect(parseJson('[0,{"a":",,,,,,,,"}]', { values: 4 })).toEqual([0, { a: ",,,,,,,," }]);
    expect(() => parseJson('[0,{"a":1},[]]', { values: 4 })).toThrow("more than 4 values");
    expect(() => parseJson(`[${"{},".repeat(5e6)}{}]`)).toThrow(SyntaxError);
  });

  test("brackets inside strings are no nesting", () => {
    const text = JSON.stringify({ a: `\\"${"[{".repeat(1000)}\\\\` });
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });
});

describe("stringifyJson", () => {
  test("agrees with JSON.stringify where both can", () => {
    const value = { a: [1, "x\u2028", null, undefined, -0], b: undefined, date: new Date(0), n: { m: 1e21 } };
    expect(stringifyJson(value)).toBe(JSON.stringify(value));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol("x"), undefined])("throws for %s", (value) => {
    expect(() => stringifyJson(value)).toThrow(TypeError);
    if (value !== undefined) expect(() => stringifyJson({ deep: [value] })).toThrow(/at deep/);
  });

  test("a value that holds itself is an error, not a full stack", () => {
    const value: unknown[] = [];
    value.push(value);
    expect(() => stringifyJson(value)).toThrow("holds itself");
  });
});

describe("stringifyJson for people", () => {
  test("indented, it is laid out as JSON.stringify does, with bigints", () => {
    const value = { a: [1, { b: "x\n" }], empty: {}, none: [], c: null };
    expect(stringifyJson(value, { indent: 2 })).toBe(JSON.stringify(value, null, 2));
    expect(stringifyJson({ seed: 2n ** 64n - 1n }, { indent: 2 })).toBe('{\n  "seed": 18446744073709551615\n}');
  });
});
