import { describe, expect, test } from "vitest";
import type { BytePicture } from "./byte-picture.js";
import { type PillowFilter, pillowGrey, pillowResize } from "./pillow.js";

const row = (...data: number[]): BytePicture => ({
  width: data.length,
  height: 1,
  channels: 1,
  data: Uint8Array.from(data),
});

const FILTERS: readonly PillowFilter[] = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"];

describe.each(FILTERS)("resizing with %s", (filter) => {
  test("leaves a plain picture plain, an equal size as it is, and turns with the picture", () => {
    const plain: BytePicture = { width: 5, height: 4, channels: 3, data: new Uint8Array(60).fill(77) };
    expect(pillowResize(plain, 11, 2, filter).data).toEqual(new Uint8Array(66).fill(77));
    const steps = row(3, 250, 17, 90, 91, 200);
    expect(pillowResize(steps, 6, 1, filter)).toEqual(steps);
    const standing = { ...steps, width: 1, height: 6 };
    expect(pillowResize(standing, 1, 4, filter).data).toEqual(pillowResize(steps, 4, 1, filter).data);
  });
});

// Pillow 13.0.0: Image.fromarray(…).resize((width, 1), filter).
test.each([
  ["nearest", 4, [3, 17, 90, 200]],
  ["box", 4, [127, 17, 91, 200]],
  ["bilinear", 4, [96, 103, 82, 159]],
  ["hamming", 4, [71, 82, 89, 170]],
  ["bicubic", 4, [99, 108, 73, 163]],
  ["lanczos", 4, [106, 116, 59, 168]],
  ["bicubic", 9, [0, 133, 235, 44, 39, 93, 85, 149, 207]],
  ["hamming", 9, [3, 127, 243, 24, 54, 90, 91, 146, 200]],
] as const)("%s to %d is Pillow's", (filter, width, want) => {
  expect([...pillowResize(row(3, 250, 17, 90, 91, 200), width, 1, filter).data]).toEqual(want);
});

test("grey is luma in fixed point, without alpha", () => {
  const data = Uint8Array.of(255, 0, 0, 0, 0, 255, 0, 9, 0, 0, 255, 99, 10, 20, 30, 255);
  expect([...pillowGrey({ width: 4, height: 1, channels: 4, data }).data]).toEqual([76, 150, 29, 18]);
});

test("a wrong number of bytes is refused", () => {
  expect(() => pillowResize({ ...row(1, 2, 3), height: 2 }, 1, 1, "box")).toThrow(/3 × 2 × 1 bytes comes with 3/);
});
