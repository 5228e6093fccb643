import { describe, expect, test } from "vitest";
import { promptRandom, type Random, resolveDynamicPrompt } from "./dynamic-prompts.js";

/** Takes these options, counted from 0, of choices with so many. */
const taking =
  (...picks: readonly (readonly [option: number, of: number])[]): Random =>
  () => {
    const [option, of] = (picks as [number, number][]).shift() ?? [0, 1];
    return option / of;
  };
const first: Random = () => 0;
const last: Random = () => 0.999_999;

describe("comments", () => {
  test.each([
    ["a /* b */ c", "a  c"],
    ["a // b\nc", "a \nc"],
    ["a // b\r\nc", "a \r\nc"],
    ["/*\nx\n*/y", "y"],
    ["/* a */ /* b */ c // d", "  c "],
    ["a /* b", "a /* b"],
    ["/*// x\ny", "/*\ny"],
    ["a / b * c", "a / b * c"],
    ["http://x.y", "http:"],
    ["{a /* | */ b|c}", "a  b"],
  ])("%j is %j", (text, want) => {
    expect(resolveDynamicPrompt(text, first)).toBe(want);
  });
});

describe("choices", () => {
  test.each([
    ["{a|b|c}", "a", "c"],
    ["x {a|b} y {c|d} z", "x a y c z", "x b y d z"],
    ["{a|{b|c}}", "a", "c"],
    ["{a|b|}", "a", ""],
    ["{}", "", ""],
    ["{only}", "only", "only"],
    ["{a|b", "a", "b"],
    ["a}b|c", "a}b|c", "a}b|c"],
    ["plain", "plain", "plain"],
  ])("of %j the first is %j and the last %j", (text, a, b) => {
    expect(resolveDynamicPrompt(text, first)).toBe(a);
    expect(resolveDynamicPrompt(text, last)).toBe(b);
  });

  test("are drawn from the left, an outer one before the inner ones of its option, and no other", () => {
    const text = "{a|b {c|d} {e|f}} {g|h|i}";
    expect(resolveDynamicPrompt(text, taking([0, 2], [2, 3]))).toBe("a i");
    expect(resolveDynamicPrompt(text, taking([1, 2], [0, 2], [1, 2], [1, 3]))).toBe("b c f h");
  });

  test.each([
    ["\\{a|b\\}", "{a|b}"],
    ["{a\\|b|c}", "a|b"],
    ["{\\{a\\}|c}", "{a}"],
    ["(a\\(b\\):1.2)", "(a\\(b\\):1.2)"],
    ["C:\\new", "C:\\new"],
    ["ends with \\", "ends with \\"],
  ])("escapes: %j is %j", (text, want) => {
    expect(resolveDynamicPrompt(text, first)).toBe(want);
  });

  test("nested without end are an error, not a crash", () => {
    expect(() => resolveDynamicPrompt("{".repeat(100_000), first)).toThrow("more than 100 deep");
  });

  test("a text full of comments that do not close is read in one go", () => {
    const text = "/* ".repeat(200_000);
    expect(resolveDynamicPrompt(text, first)).toBe(text);
  });
});

describe("random numbers", () => {
  const draw = (seed: bigint, place: string, count = 8) => {
    const random = promptRandom(seed, place);
    return Array.from({ length: count }, random);
  };

  test("are the same for a seed and a place, on every machine", () => {
    expect(draw(42n, "6.text")).toEqual(draw(42n, "6.text"));
    expect(draw(42n, "6.text", 3).map((x) => x * 2 ** 32)).toEqual([863_857_486, 3_318_715_410, 3_699_053_677]);
  });

  test("differ by seed, by place, and by either half of a seed", () => {
    const all = [draw(1n, "6.text"), draw(2n, "6.text"), draw(1n, "7.text"), draw(1n + 2n ** 40n, "6.text")];
    expect(new Set(all.map((numbers) => numbers.join())).size).toBe(all.length);
    expect(draw(-1n, "6.text")).toEqual(draw(2n ** 64n - 1n, "6.text"));
  });

  test("spread evenly, along a stream as well as over seeds", () => {
    const streams = {
      along: draw(7n, "6.text", 6000),
      "over seeds": Array.from({ length: 6000 }, (_, seed) => draw(BigInt(seed), "6.text", 1)[0]!),
    };
    for (const numbers of Object.values(streams)) {
      const counts = [0, 0, 0, 0, 0, 0];
      for (const x of numbers) counts[Math.floor(x * 6)]! += 1;
      // Chi-squared with 5 degrees of freedom: beyond 20.5 once in a thousand, and these numbers never change.
      expect(counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(20.5);
    }
  });

  test("every option of a choice comes up", () => {
    const seen = new Set(
      Array.from({ length: 64 }, (_, seed) => resolveDynamicPrompt("{a|b|c|d}", promptRandom(BigInt(seed), "1.text"))),
    );
    expect([...seen].sort()).toEqual(["a", "b", "c", "d"]);
  });
});
