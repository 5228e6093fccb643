import { describe, expect, test } from "vitest";
import type { Image } from "../sockets.js";
import { finished } from "../steps.js";
import { newTensor } from "./allocate.js";
import { canny as steppedCanny } from "./canny.js";

const canny = (image: Image, low: number, high: number) => finished(steppedCanny(image, low, high));

const picture = (height: number, width: number, value: (x: number, y: number) => number, channels = 3) => {
  const image = newTensor(1, height, width, channels);
  image.data.forEach((_, i) => {
    const pixel = Math.floor(i / channels);
    image.data[i] = value(pixel % width, Math.floor(pixel / width));
  });
  return image;
};

const rows = ({ dims, data }: { readonly dims: readonly number[]; readonly data: Float32Array }): string[] =>
  Array.from({ length: dims[1] ?? 0 }, (_, y) => data.slice(y * (dims[2] ?? 0), (y + 1) * (dims[2] ?? 0)).join(""));

describe("edges", () => {
  test("of a step are one line, on its left", () => {
    const { edges } = canny(
      picture(6, 10, (x) => Number(x >= 5)),
      0.4,
      0.8,
    );
    expect(rows(edges)).toEqual(Array(6).fill("0000100000"));
  });

  test("of a flat picture, or one of a single pixel, are none", () => {
    for (const [height, width] of [
      [5, 7],
      [1, 1],
      [2, 1],
    ] as const) {
      const { edges, magnitude } = canny(
        picture(height, width, () => 0.7),
        0.01,
        0.01,
      );
      expect([...edges.data, ...magnitude.data].every((v) => v === 0)).toBe(true);
    }
  });

  test("a weak line stays where it is joined to a strong one", () => {
    // The step gets lower from the top to the bottom.
    const fading = picture(20, 12, (x, y) => Number(x >= 6) * (1 - y / 20));
    const low = rows(canny(fading, 0.3, 2).edges).map((row) => row.includes("1"));
    expect(low.slice(0, 15).every(Boolean)).toBe(true);
    const alone = picture(20, 12, (x, y) => Number(x >= 6) * (1 - y / 20) * 0.5);
    expect(canny(alone, 0.3, 2).edges.data.some((v) => v !== 0)).toBe(false);
  });

  test("are not where numbers are none, nor is it an error", () => {
    const broken = picture(6, 6, (x, y) => (x === 2 && y === 3 ? Number.NaN : Number.POSITIVE_INFINITY));
    expect(canny(broken, 0.2, 0.4).edges.data.every((v) => v === 0)).toBe(true);
  });

  test("do not look at alpha", () => {
    const opaque = picture(8, 8, (x, y) => Number(x + y > 8), 4);
    const clear = { dims: opaque.dims, data: opaque.data.map((v, i) => (i % 4 === 3 ? i % 3 : v)) };
    expect(canny(clear, 0.2, 0.4)).toEqual(canny(opaque, 0.2, 0.4));
  });
});
