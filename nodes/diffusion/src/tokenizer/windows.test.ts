import { describe, expect, test } from "vitest";
import { packWindows, type WeightedToken } from "./windows.js";

const [BOS, EOS, PAD] = [100, 101, 102];
const shape = { bos: BOS, eos: EOS, pad: PAD, length: 77 };

/** A group of tokens, all of one weight. */
const group = (count: number, id: number, weight = 1): WeightedToken[] =>
  Array.from({ length: count }, () => ({ id, weight }));

/** How many tokens of each id a window has, in order: `75×1`. Marks and padding are left out. */
const read = (...groups: WeightedToken[][]): string[] =>
  packWindows(groups, shape).map(({ ids }) => {
    const own = ids.filter((id) => id < BOS);
    return [...new Set(own)].map((id) => `${own.filter((one) => one === id).length}×${id}`).join(" ");
  });

test.each([
  [[0], [""]],
  [[5], ["5×1"]],
  [[75], ["75×1"]],
  [[76], ["75×1", "1×1"]],
  [[70, 5], ["70×1 5×2"]],
  // A group of 7 keeps together, one of 8 is cut.
  [
    [70, 7],
    ["70×1", "7×2"],
  ],
  [
    [70, 8],
    ["70×1 5×2", "3×2"],
  ],
  [
    [75, 8],
    ["75×1", "8×2"],
  ],
  [
    [70, 7, 3],
    ["70×1", "7×2 3×3"],
  ],
  [
    [75, 75, 75],
    ["75×1", "75×2", "75×3"],
  ],
])("groups of %j tokens make the windows %j", (counts, want) => {
  expect(read(...counts.map((count, i) => group(count, i + 1)))).toEqual(want);
});

describe("a window", () => {
  test("has a start, tokens, an end and padding; these weigh 1", () => {
    const [window, none] = packWindows([group(2, 7, 1.5)], shape);
    expect(window).toEqual({
      ids: [BOS, 7, 7, EOS, ...new Array(73).fill(PAD)],
      weights: [1, 1.5, 1.5, ...new Array(74).fill(1)],
    });
    expect(none).toBeUndefined();
  });

  test("is there for a text without tokens too", () => {
    expect(packWindows([], shape)).toEqual([
      { ids: [BOS, EOS, ...new Array(75).fill(PAD)], weights: new Array(77).fill(1) },
    ]);
  });

  test("may be smaller than what keeps together elsewhere", () => {
    const windows = packWindows([group(5, 7)], { ...shape, length: 4 });
    expect(windows.map(({ ids }) => ids)).toEqual([
      [BOS, 7, 7, EOS],
      [BOS, 7, 7, EOS],
      [BOS, 7, EOS, PAD],
    ]);
  });

  test("without room is an error", () => {
    expect(() => packWindows([group(1, 7)], { ...shape, length: 2 })).toThrow("no room");
  });
});

test("texts of more than 256 windows are refused", () => {
  expect(packWindows([group(256 * 75, 1)], shape)).toHaveLength(256);
  expect(() => packWindows([group(256 * 75 + 1, 1)], shape)).toThrow("more than the 19200 tokens");
});
