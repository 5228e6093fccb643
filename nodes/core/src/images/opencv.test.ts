import { expect, test } from "vitest";
import type { BytePicture } from "./byte-picture.js";
import { cvCanny, cvResize } from "./opencv.js";

const step: BytePicture = {
  width: 8,
  height: 6,
  channels: 1,
  data: Uint8Array.from({ length: 48 }, (_, i) => (i % 8 < 4 ? 0 : 200)),
};

test("a step has one edge, from whichever channel it is in", async () => {
  const edges = await cvCanny(step, 100, 200);
  const rows = Array.from({ length: 6 }, (_, y) => [...edges.slice(y * 8, y * 8 + 8)].filter((v) => v === 255).length);
  expect(rows).toEqual(Array(6).fill(1));
  const blue = { ...step, channels: 3 as const, data: Uint8Array.from(step.data, (v) => v) };
  const data = Uint8Array.from({ length: 48 * 3 }, (_, i) => (i % 3 === 2 ? (step.data[Math.floor(i / 3)] ?? 0) : 9));
  expect(await cvCanny({ ...blue, data }, 100, 200)).toEqual(edges);
});

test("a plain picture stays plain in any size; a wrong number of bytes is refused", async () => {
  const plain: BytePicture = { width: 5, height: 4, channels: 4, data: new Uint8Array(80).fill(77) };
  for (const method of ["linear", "cubic", "area", "lanczos4"] as const) {
    const resized = await cvResize(plain, 9, 3, method);
    expect([resized.width, resized.height, resized.data.length]).toEqual([9, 3, 108]);
    expect(resized.data.every((v) => v === 77)).toBe(true);
  }
  await expect(cvCanny({ ...step, width: 9 }, 1, 2)).rejects.toThrow(/9 × 6 × 1 bytes comes with 48/);
});
