import { describe, expect, test } from "vitest";
import { grownMask, maskedPicture } from "./masked-picture.js";

const picture = (batch: number, height: number, width: number, channels = 3) => ({
  dims: [batch, height, width, channels],
  data: Float32Array.from({ length: batch * height * width * channels }, (_, i) => (i % 97) / 97),
});
const mask = (height: number, width: number, selected: (row: number, column: number) => number) => ({
  dims: [1, height, width],
  data: Float32Array.from({ length: height * width }, (_, i) => selected(Math.floor(i / width), i % width)),
});

describe("a masked picture", () => {
  test("is grey where the mask selects more than half, and as it was elsewhere", () => {
    const pixels = picture(1, 8, 8);
    const { grey } = maskedPicture(
      pixels,
      mask(8, 8, (row, column) => (row === 2 ? 0.51 : column === 5 ? 0.5 : 0)),
      4,
    );
    for (const [i, value] of grey.data.entries()) {
      const row = Math.floor(i / 24);
      if (row === 2) expect(value).toBe(0.5);
      else expect(value).toBeCloseTo(pixels.data[i]!, 6);
    }
  });

  test("is cut evenly to whole cells, and the mask with it", () => {
    const pixels = picture(2, 11, 13);
    const { grey, mask: cut } = maskedPicture(
      pixels,
      mask(11, 13, (row, column) => (row === 1 && column === 0 ? 1 : 0)),
      8,
    );
    expect([grey.dims, cut.dims]).toEqual([
      [2, 8, 8, 3],
      [1, 8, 8],
    ]);
    // Row 1 and column 2 of the picture come first.
    expect(cut.data.some((value) => value > 0)).toBe(false);
    expect(grey.data[0]).toBeCloseTo(pixels.data[(13 + 2) * 3]!, 6);
  });

  test("takes a mask of any size, and leaves alpha alone", () => {
    const pixels = picture(1, 16, 16, 4);
    const { grey, mask: cut } = maskedPicture(
      pixels,
      mask(2, 2, (_, column) => column),
      8,
    );
    expect(cut.dims).toEqual([1, 16, 16]);
    expect([...grey.data.subarray(15 * 4, 16 * 4)]).toEqual([0.5, 0.5, 0.5, pixels.data[15 * 4 + 3]]);
  });

  test("is refused for a mask that is none, for masks that aren't one a picture, and for what is no picture", () => {
    const pixels = picture(3, 8, 8);
    const flat = mask(8, 8, () => 1);
    expect(() => maskedPicture(pixels, { dims: [64], data: flat.data }, 8)).toThrow(
      /a mask is \[batch, height, width\]/,
    );
    const two = { dims: [2, 4, 8], data: flat.data };
    expect(() => maskedPicture(pixels, two, 8)).toThrow("2 masks for 3 pictures");
    expect(() => maskedPicture(picture(1, 8, 8, 1), flat, 8)).toThrow(/a picture is .*\[1, 8, 8, 1\]/);
  });
});

describe("a grown mask", () => {
  const dot = mask(9, 9, (row, column) => (row === 4 && column === 4 ? 0.8 : 0.4));
  const selected = (by: number) => {
    const { data } = grownMask(dot, by);
    const at = [...data.keys()].filter((i) => data[i] === 1);
    const span = (of: (i: number) => number) => [Math.min(...at.map(of)), Math.max(...at.map(of))];
    return { count: at.length, rows: span((i) => Math.floor(i / 9)), columns: span((i) => i % 9) };
  };

  test("is all or nothing, and without growth no larger", () => {
    expect(selected(0)).toEqual({ count: 1, rows: [4, 4], columns: [4, 4] });
    expect(selected(1)).toEqual(selected(0));
  });

  test("is a square around each selected pixel, an even one reaching farther after it", () => {
    expect(selected(3)).toEqual({ count: 9, rows: [3, 5], columns: [3, 5] });
    expect(selected(6)).toEqual({ count: 36, rows: [2, 7], columns: [2, 7] });
  });

  test("ends at the picture's edge, and doesn't reach into the next one", () => {
    expect(selected(64).count).toBe(81);
    const two = { dims: [2, 2, 2], data: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0) };
    expect([...grownMask(two, 5).data]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });
});
