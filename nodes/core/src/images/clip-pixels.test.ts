import { describe, expect, test } from "vitest";
import { finished } from "../steps.js";
import { newTensor } from "./allocate.js";
import { clipPixels } from "./clip-pixels.js";

/** Colours that leave the bytes, 0 to 1, as they are. */
const colors = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;

const picture = (height: number, width: number, value: (x: number, y: number, c: number) => number, channels = 3) => {
  const image = newTensor(1, height, width, channels);
  image.data.forEach((_, i) => {
    const pixel = Math.floor(i / channels);
    image.data[i] = value(pixel % width, Math.floor(pixel / width), i % channels);
  });
  return image;
};

describe("CLIP's pixels", () => {
  test("are planes of bytes, normalised", () => {
    const image = picture(2, 2, (x, y, c) => (x + 2 * y + c) / 9);
    const { dims, data } = finished(clipPixels(image, { size: 2 }));
    expect(dims).toEqual([1, 3, 2, 2]);
    const [mean, deviation] = [0.48145466, 0.26862954];
    [0, 28, 57, 85].forEach((byte, i) => {
      expect(data[i]).toBeCloseTo((byte / 255 - mean) / deviation, 6);
    });
  });

  test("with crop are of the middle, else of all of the picture", () => {
    // Black, white, black: thirds of the width.
    const image = picture(8, 24, (x) => Number(x >= 8 && x < 16));
    expect(finished(clipPixels(image, { size: 8, colors })).data.every((v) => v === 1)).toBe(true);
    const all = finished(clipPixels(image, { size: 6, crop: false, colors })).data.slice(0, 6);
    expect([...all].map(Math.round)).toEqual([0, 0, 1, 1, 0, 0]);
  });

  test("do not see alpha; grey counts as three channels", () => {
    const colored = picture(9, 7, (x, y, c) => ((x * 5 + y * 3 + c) % 11) / 11);
    const clear = picture(9, 7, (x, y, c) => (c === 3 ? 0 : ((x * 5 + y * 3 + c) % 11) / 11), 4);
    expect(finished(clipPixels(clear, { size: 5 }))).toEqual(finished(clipPixels(colored, { size: 5 })));
    const grey = finished(
      clipPixels(
        picture(9, 7, (x, y) => x / 20 + y / 20, 1),
        { size: 5, colors },
      ),
    ).data;
    expect(grey.slice(0, 25)).toEqual(grey.slice(50));
    expect(() => finished(clipPixels(picture(2, 2, () => 0, 2)))).toThrow(/1, 3 or 4 channels; this has 2/);
  });

  test("of a very long picture take no more memory than they are", () => {
    const { dims, data } = finished(
      clipPixels(
        picture(1, 100_000, () => 0.2),
        { size: 64, colors },
      ),
    );
    expect(dims).toEqual([1, 3, 64, 64]);
    expect(data.every((v) => v === Math.fround(51 / 255))).toBe(true);
  });
});
