import { describe, expect, test } from "vitest";
import type { Image } from "../sockets.js";
import { finished } from "../steps.js";
import { maskAsImage } from "./allocate.js";
import { grown as steppedGrowth } from "./morphology.js";

const grown = (mask: Image, by: number, tapered: boolean) => finished(steppedGrowth(mask, by, tapered));

const maskOf = (rows: readonly (readonly number[])[]) =>
  maskAsImage({ dims: [1, rows.length, rows[0]?.length ?? 0], data: Float32Array.from(rows.flat()) });

const noise = (batch: number, height: number, width: number, seed: number) => ({
  dims: [batch, height, width, 1],
  data: Float32Array.from({ length: batch * height * width }, (_, i) => ((i * 7919 + seed * 104729) % 997) / 997),
});

/** The definition: a 3×3 dilation or erosion, time after time. */
function repeated({ dims, data }: ReturnType<typeof noise>, by: number, tapered: boolean): Float32Array {
  const [, height = 0, width = 0] = dims;
  const pick = by < 0 ? Math.min : Math.max;
  let now = data;
  for (let n = 0; n < Math.abs(by); n++) {
    now = now.map((value, i) => {
      const [x, y, first] = [i % width, Math.floor(i / width) % height, i - (i % (height * width))];
      let best = value;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
          if (inside && !(tapered && dx !== 0 && dy !== 0)) {
            best = pick(best, now[first + (y + dy) * width + x + dx] as number);
          }
        }
      }
      return best;
    });
  }
  return now;
}

describe("growing a mask", () => {
  test("makes a diamond or a square of a point", () => {
    const point = Array.from({ length: 5 }, (_, y) => Array.from({ length: 5 }, (_, x) => Number(x === 2 && y === 2)));
    const diamond = [
      [0, 0, 1, 0, 0],
      [0, 1, 1, 1, 0],
      [1, 1, 1, 1, 1],
      [0, 1, 1, 1, 0],
      [0, 0, 1, 0, 0],
    ];
    expect(grown(maskOf(point), 2, true)).toEqual(maskOf(diamond));
    expect(grown(maskOf(point), 2, false).data.every((v) => v === 1)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 7, 11, 30, -1, -3, -6])("by %d is 3×3 steps, for grey masks up to the border", (by) => {
    for (const [height, width] of [
      [13, 9],
      [6, 17],
      [1, 8],
      [1, 1],
    ] as const) {
      const mask = noise(2, height, width, by + 40);
      for (const tapered of [true, false]) expect(grown(mask, by, tapered).data).toEqual(repeated(mask, by, tapered));
    }
  });

  test("farther than the mask is wide fills it; by nothing leaves it", () => {
    const mask = noise(1, 4, 6, 1);
    const most = Math.max(...mask.data);
    expect(grown(mask, 16384, true).data.every((v) => v === most)).toBe(true);
    expect(grown(mask, 0, true)).toBe(mask);
  });
});
