import { describe, expect, test } from "vitest";
import { areaInCells, boundsOf, cutWindow, isWithin, onLatent, type Rect } from "./areas.js";

const rect = (height: number, width: number, y: number, x: number): Rect => ({ height, width, y, x });

describe("an area", () => {
  test("in cells stays as it is, even over the edges", () => {
    expect(areaInCells(rect(64, 5, 3, 8), 8, 12)).toEqual(rect(64, 5, 3, 8));
  });

  test("in parts is rounded to cells, halves to the even one, and never vanishes", () => {
    expect(areaInCells({ ...rect(0.55, 0.33, 0.45, 0.21), relative: true }, 8, 12)).toEqual(rect(4, 4, 4, 3));
    expect(areaInCells({ ...rect(0.25, 0.75, 0, 0), relative: true }, 10, 10)).toEqual(rect(2, 8, 0, 0));
    expect(areaInCells({ ...rect(0.01, 0, 0.5, 0.5), relative: true }, 8, 8)).toEqual(rect(1, 1, 4, 4));
  });

  test("is cut at the latent's edges, and refused beyond them", () => {
    expect(onLatent(rect(64, 5, 3, 8), 8, 12)).toEqual(rect(5, 4, 3, 8));
    expect(() => onLatent(rect(4, 4, 8, 0), 8, 12)).toThrow(/4×4 cells from column 0 and row 8.*latent's 12×8/);
    expect(() => onLatent(rect(4, 4, 0, 12), 8, 12)).toThrow(/move its area/);
  });

  test("lies within itself, and within what reaches as far on each side", () => {
    const inner = rect(4, 4, 2, 3);
    expect(isWithin(inner, inner)).toBe(true);
    expect(isWithin(inner, rect(5, 5, 1, 2))).toBe(true);
    for (const outer of [rect(5, 5, 3, 2), rect(5, 5, 1, 4), rect(4, 5, 1, 2), rect(5, 4, 1, 2)]) {
      expect(isWithin(inner, outer)).toBe(false);
    }
  });
});

describe("the bounds of a mask", () => {
  const mask = (planes: number, ...cells: [plane: number, row: number, column: number][]) => {
    const data = new Float32Array(planes * 12 * 20);
    for (const [plane, row, column] of cells) data[(plane * 12 + row) * 20 + column] = 0.1;
    return { dims: [planes, 1, 12, 20], data };
  };

  test("hold what any of its planes selects, however little", () => {
    expect(boundsOf(mask(2, [0, 1, 3], [1, 10, 14]))).toEqual(rect(10, 12, 1, 3));
  });

  test("are at least eight cells a side, from the upper left on", () => {
    expect(boundsOf(mask(1, [0, 6, 9]))).toEqual(rect(8, 8, 6, 9));
    expect(boundsOf(mask(1))).toEqual(rect(8, 8, 0, 0));
  });
});

test("a window of planes is the same rectangle of each", () => {
  const planes = { dims: [2, 1, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => i) };
  const cut = cutWindow(planes, rect(2, 2, 1, 1));
  expect(cut.dims).toEqual([2, 1, 2, 2]);
  expect([...cut.data]).toEqual([5, 6, 9, 10, 17, 18, 21, 22]);
});
