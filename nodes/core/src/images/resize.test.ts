import { describe, expect, test } from "vitest";
import { newTensor } from "./allocate.js";
import { IMAGE_RESIZE_METHODS, LATENT_RESIZE_METHODS, resizeImage, resizePlanes } from "./resize.js";

const filled = (dims: number[], at: (i: number) => number) => {
  const x = newTensor(...dims);
  for (let i = 0; i < x.data.length; i++) x.data[i] = at(i);
  return x;
};
const wave = (dims: number[]) => filled(dims, (i) => 0.5 + 0.5 * Math.sin(i * 1.7 + i * i * 0.01));
const METHODS = [...new Set([...IMAGE_RESIZE_METHODS, ...LATENT_RESIZE_METHODS])];

/** [1, C, H, W] from [1, H, W, C]. */
function toPlanes({ dims, data }: { dims: readonly number[]; data: Float32Array }) {
  const [, h, w, c] = dims as [number, number, number, number];
  return filled([1, c, h, w], (i) => data[(i % (h * w)) * c + Math.floor(i / (h * w))] as number);
}

describe("resizing", () => {
  test.each(METHODS)("%s keeps a flat picture flat and has the size that was asked", (method) => {
    for (const [width, height] of [
      [7, 13],
      [50, 3],
      [1, 1],
    ] as const) {
      const { dims, data } = resizePlanes(
        filled([2, 4, 9, 11], () => 0.6),
        width,
        height,
        method,
      );
      expect(dims).toEqual([2, 4, height, width]);
      for (const v of data) expect(v).toBeCloseTo(0.6, 5);
    }
  });

  test.each(METHODS)("%s to the same size changes nothing", (method) => {
    const x = filled([1, 3, 6, 5], (i) => ((i * 37) % 256) / 255);
    const { data } = resizePlanes(x, 5, 6, method);
    for (const [i, v] of data.entries()) expect(Math.abs(v - (x.data[i] as number))).toBeLessThan(2 / 255);
  });

  test.each(IMAGE_RESIZE_METHODS)("%s treats interleaved pictures and planes alike", (method) => {
    for (const channels of method === "lanczos" ? [1, 3] : [1, 3, 4]) {
      const image = wave([1, 12, 10, channels]);
      for (const crop of ["disabled", "center"] as const) {
        const planes = resizePlanes(toPlanes(image), 17, 5, method, crop);
        expect(toPlanes(resizeImage(image, 17, 5, method, crop)).data).toEqual(planes.data);
      }
    }
  });

  test("lanczos lets no colour through that alpha hides, and an equal size is a copy", () => {
    // Opaque white beside hidden black: what lies between is white that fades.
    const image = filled([1, 4, 8, 4], (i) => Number(Math.floor(i / 4) % 8 < 4));
    const { data } = resizeImage(image, 5, 3, "lanczos");
    for (let i = 0; i < data.length; i += 4) expect(data[i]).toBe(data[i + 3] === 0 ? 0 : 1);
    expect(data.some((alpha, i) => i % 4 === 3 && alpha > 0 && alpha < 1)).toBe(true);
    const hidden = filled([1, 2, 2, 4], (i) => (i % 4 === 3 ? 0 : 0.6));
    expect(resizeImage(hidden, 2, 2, "lanczos").data).toEqual(hidden.data);
  });

  test("lanczos takes what is no number for black, and what is beyond 0..1 for its end", () => {
    const image = { dims: [1, 1, 4, 1], data: Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -3, 0.2) };
    expect([...resizeImage(image, 4, 2, "lanczos").data.slice(0, 4)]).toEqual([0, 1, 0, Math.fround(51 / 255)]);
  });

  test("each picture of a batch is resized by itself", () => {
    const batch = wave([3, 8, 6, 3]);
    const size = 8 * 6 * 3;
    for (const method of IMAGE_RESIZE_METHODS) {
      const all = resizeImage(batch, 9, 4, method);
      for (let b = 0; b < 3; b++) {
        const one = resizeImage(
          { dims: [1, 8, 6, 3], data: batch.data.subarray(b * size, (b + 1) * size) },
          9,
          4,
          method,
        );
        expect(all.data.subarray(b * 108, (b + 1) * 108)).toEqual(one.data);
      }
    }
  });

  test("area averages whole blocks, nearest-exact picks the middle, bilinear and bicubic meet known values", () => {
    const ramp = filled([1, 1, 1, 6], (i) => i);
    expect([...resizePlanes(ramp, 2, 1, "area").data]).toEqual([1, 4]);
    expect([...resizePlanes(ramp, 2, 1, "nearest-exact").data]).toEqual([1, 4]);
    expect([
      ...resizePlanes(
        filled([1, 1, 1, 2], (i) => i),
        4,
        1,
        "bilinear",
      ).data,
    ]).toEqual([0, 0.25, 0.75, 1]);
    // Keys' kernel with a = -0.75 at a quarter: weights -0.10546875, 0.87890625, 0.26171875, -0.03515625.
    const [, , , , middle] = resizePlanes(
      filled([1, 1, 1, 6], (i) => (i === 2 ? 1 : 0)),
      12,
      1,
      "bicubic",
    ).data;
    expect(middle).toBeCloseTo(0.87890625, 6);
  });

  test("lanczos works on 8 bits, clamped", () => {
    const { data } = resizePlanes(
      filled([1, 1, 1, 8], (i) => (i < 4 ? -1 : 2)),
      16,
      1,
      "lanczos",
    );
    for (const v of data) expect(Math.abs(v * 255 - Math.round(v * 255))).toBeLessThan(1e-4);
    expect([data[0], data[15]]).toEqual([0, 1]);
  });

  test.each([
    ["the height first when it loses more than twice what the width does", 13, 9, [19, 9]],
    ["the width first when it does not", 13, 15, [13, 27]],
    ["the width first when both grow", 23, 55, [23, 27]],
  ] as const)("lanczos takes %s", (_, width, height, [between, rows]) => {
    const x = wave([1, 3, 27, 19]);
    const half = resizePlanes(x, between, rows, "lanczos");
    // A little more, so that cutting down to 8 bits a second time changes nothing.
    const again = { dims: half.dims, data: half.data.map((v) => v + 0.25 / 255) };
    expect(resizePlanes(x, width, height, "lanczos").data).toEqual(resizePlanes(again, width, height, "lanczos").data);
  });

  test("bislerp keeps the length of vectors that turn", () => {
    const circle = filled([1, 2, 1, 2], (i) => [3, 0, 0, 3][i] as number);
    const { data } = resizePlanes(circle, 9, 1, "bislerp");
    for (let i = 0; i < 9; i++) expect(Math.hypot(data[i] as number, data[9 + i] as number)).toBeCloseTo(3, 5);
  });

  test("a centre crop takes the middle, and never everything", () => {
    const ramp = filled([1, 1, 2, 8], (i) => i % 8);
    expect([...resizePlanes(ramp, 2, 2, "nearest-exact", "center").data]).toEqual([3, 4, 3, 4]);
    expect(resizePlanes(wave([1, 1, 1000, 2]), 1000, 1, "bilinear", "center").dims).toEqual([1, 1, 1, 1000]);
  });

  test("what would not fit in memory is refused before it is allocated", () => {
    expect(() => resizeImage(newTensor(64, 2, 2, 3), 16384, 16384, "bilinear")).toThrow(/GiB; the limit is 4 GiB/);
    expect(() => resizeImage(newTensor(2, 2, 3), 4, 4, "area")).toThrow(/\[batch, height, width, channels\]/);
  });
});
