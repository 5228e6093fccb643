import { describe, expect, test } from "vitest";
import { parseNumber } from "./number.js";
import { parseWeights } from "./weighted-prompt.js";

/** What a prompt's parts weigh, in short: `text=weight`. */
const read = (prompt: string) => parseWeights(prompt).map(({ text, weight }) => `${text}=${+weight.toFixed(6)}`);

describe("weights", () => {
  test.each([
    ["plain text", ["plain text=1"]],
    ["", []],
    ["(a)", ["a=1.1"]],
    ["((a)) b", ["a=1.21", " b=1"]],
    ["(a:1.3)", ["a=1.3"]],
    ["(a (b:1.5) c:0.8)", ["a =0.8", "b=1.5", " c=0.8"]],
    ["((a) b:1.5)", ["a=1.65", " b=1.5"]],
    ["(a:b:0.4)", ["a:b=0.4"]],
    ["(a:-1) (b:0)", ["a=-1", " =1", "b=0"]],
    ["(a:x)", ["a:x=1.1"]],
    ["(:1.2)", [":1.2=1.1"]],
    ["()", []],
    ["[a] {b|c} BREAK AND", ["[a] {b|c} BREAK AND=1"]],
  ])("%j", (prompt, want) => {
    expect(read(prompt)).toEqual(want);
  });

  test.each([
    ["(a", ["(a=1"]],
    ["a)", ["a)=1"]],
    ["a (b", ["a =1", "(b=1"]],
    // The outer one does not close, but what it holds ends as if it did.
    ["((a)", ["(a=1.1"]],
    // One `)` too many takes the next `(` with it.
    ["a)(b:2)(c:2)", ["a)(b:2)(c:2)=1"]],
    ["a)((b:2)", ["a)(=1", "b=2"]],
  ])("parentheses that do not close are text: %j", (prompt, want) => {
    expect(read(prompt)).toEqual(want);
  });

  test.each([
    ["\\(a\\)", ["(a)=1"]],
    ["(a \\(b\\):1.2)", ["a (b)=1.2"]],
    ["(a:1.2\\)", ["(a:1.2)=1"]],
    ["\\\\(a)", ["\\(a)=1"]],
    ["C:\\dir", ["C:\\dir=1"]],
  ])("a backslash makes a parenthesis text: %j", (prompt, want) => {
    expect(read(prompt)).toEqual(want);
  });

  test("no character is lost between parts", () => {
    const prompt = "a, (b) c (d e) f, g)";
    expect(
      parseWeights(prompt)
        .map(({ text }) => text)
        .join(""),
    ).toBe("a, b c d e f, g)");
  });

  test.each(["(to:infinity)", "(x:nan)", "(x:1e999)"])("a weight that is no finite number is refused: %j", (prompt) => {
    expect(() => parseWeights(prompt)).toThrow(/gives "(to|x)" a weight that is not finite.*\\\(/);
  });

  test("parentheses nested without end are an error, not a crash", () => {
    const deep = 50_000;
    expect(() => parseWeights("(".repeat(deep) + ")".repeat(deep))).toThrow("more than 256 deep");
    expect(read("(".repeat(deep))).toHaveLength(1);
  });
});

describe("numbers", () => {
  test.each([
    ["1.2", 1.2],
    [" 2 ", 2],
    [".5", 0.5],
    ["1.", 1],
    ["+2", 2],
    ["-1e-1", -0.1],
    ["1_000.5", 1000.5],
    ["١.٢", 1.2],
    ["１．５", undefined],
    ["１.５", 1.5],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["", undefined],
    [".", undefined],
    [".e5", undefined],
    ["e5", undefined],
    ["0x10", undefined],
    ["1__0", undefined],
    ["1 2", undefined],
    ["1,2", undefined],
  ])("%j is %d", (text, want) => {
    expect(parseNumber(text)).toBe(want);
  });
});
