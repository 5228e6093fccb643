import { isExpansion, type RunContext, type Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { newTensor } from "../../images/allocate.js";
import { maskComposite } from "./combine.js";
import { imageColorToMask, imageToMask, maskToImage } from "./convert.js";
import { cropMask, featherMask, growMask } from "./shape.js";
import { invertMask, solidMask, thresholdMask } from "./values.js";

const ctx = { signal: new AbortController().signal } as RunContext;

/** The mask that a node gives. */
const maskOf = (results: unknown): Tensor => {
  if (isExpansion(results)) throw new Error("these nodes do not expand");
  return (results as { MASK: Tensor }).MASK;
};

const noise = (...dims: number[]): Tensor => {
  const mask = newTensor(...dims);
  mask.data.forEach((_, i) => {
    mask.data[i] = ((i * 7919) % 997) / 1024;
  });
  return mask;
};

describe("masks", () => {
  test("inverted twice are as before, also without a batch", () => {
    const mask = noise(2, 5, 7);
    const twice = (m: Tensor) => maskOf(invertMask.run({ mask: maskOf(invertMask.run({ mask: m }, ctx)) }, ctx));
    expect(twice(mask)).toEqual(mask);
    expect(twice({ dims: [10, 7], data: mask.data })).toEqual({ dims: [10, 7], data: mask.data });
    expect(() => invertMask.run({ mask: { dims: [0, 5, 7], data: new Float32Array() } }, ctx)).toThrow(
      /none of them 0; this is \[0, 5, 7\]/,
    );
  });

  test("become pictures and come back, channel by channel", () => {
    const mask = noise(2, 3, 4);
    const { IMAGE } = maskToImage.run({ mask }, ctx) as { IMAGE: Tensor };
    expect(IMAGE.dims).toEqual([2, 3, 4, 3]);
    for (const channel of ["red", "green", "blue"] as const) {
      expect(maskOf(imageToMask.run({ image: IMAGE, channel }, ctx))).toEqual(mask);
    }
    expect(() => imageToMask.run({ image: IMAGE, channel: "alpha" }, ctx)).toThrow(/no alpha channel: it has 3/);
  });

  test("of a colour select its pixels to 8 bits", () => {
    const image = { dims: [1, 1, 3, 3], data: Float32Array.of(1, 0.5, 0, 1, 0.503, -3, 1, 0.51, 0) };
    expect(maskOf(imageColorToMask.run({ image, color: 0xff8000 }, ctx)).data).toEqual(Float32Array.of(1, 1, 0));
  });

  test("thresholds are of float32, and not met by what is equal", () => {
    const mask = { dims: [1, 1, 3], data: Float32Array.of(0.3, 0.31, 0.29) };
    expect(maskOf(thresholdMask.run({ mask, value: 0.3 }, ctx)).data).toEqual(Float32Array.of(0, 1, 0));
  });

  test("crops keep inside, and say where they begin when that is outside", () => {
    const mask = noise(2, 5, 7);
    const whole = maskOf(cropMask.run({ mask, x: 0, y: 0, width: 16384, height: 16384 }, ctx));
    expect(whole).toEqual(mask);
    const corner = maskOf(cropMask.run({ mask, x: 6, y: 3, width: 4, height: 4 }, ctx));
    expect(corner).toEqual({
      dims: [2, 2, 1],
      data: Float32Array.of(...[27, 34, 62, 69].map((i) => mask.data[i] ?? 0)),
    });
    expect(() => cropMask.run({ mask, x: 7, y: 0, width: 1, height: 1 }, ctx)).toThrow(
      /begins at 7, 0, outside the mask, which is 7 × 5/,
    );
  });

  test("shrink what they grew, where there was room", async () => {
    const mask = maskOf(solidMask.run({ value: 0, width: 21, height: 21 }, ctx));
    mask.data[10 * 21 + 10] = 1;
    for (const tapered_corners of [true, false]) {
      const larger = maskOf(await growMask.run({ mask, expand: 5, tapered_corners }, ctx));
      expect(maskOf(await growMask.run({ mask: larger, expand: -5, tapered_corners }, ctx))).toEqual(mask);
    }
  });

  test("fade in from the left and the top in even steps", () => {
    const mask = maskOf(solidMask.run({ value: 1, width: 6, height: 1 }, ctx));
    const soft = maskOf(featherMask.run({ mask, left: 4, top: 0, right: 0, bottom: 0 }, ctx));
    expect(soft.data).toEqual(Float32Array.of(0.25, 0.5, 0.75, 1, 1, 1));
    expect(maskOf(featherMask.run({ mask, left: 0, top: 0, right: 0, bottom: 0 }, ctx))).toEqual(mask);
  });
});

describe("combining masks", () => {
  const run = (operation: "multiply" | "add" | "subtract" | "and" | "or" | "xor", x: number, y: number) => {
    const destination = { dims: [1, 2, 3], data: Float32Array.of(0.2, 0.8, 1, 0.6, 0, 0.5) };
    const source = { dims: [2, 2], data: Float32Array.of(0.7, 0.5, 1, 0.2) };
    return maskOf(maskComposite.run({ destination, source, x, y, operation }, ctx)).data;
  };

  test.each([
    ["multiply", [0.2, 0.8 * 0.7, 0.5, 0.6, 0, 0.1]],
    ["add", [0.2, 1, 1, 0.6, 1, 0.7]],
    ["subtract", [0.2, 0.1, 0.5, 0.6, 0, 0.3]],
    ["and", [0.2, 1, 0, 0.6, 0, 0]],
    ["or", [0.2, 1, 1, 0.6, 1, 0]],
    ["xor", [0.2, 0, 1, 0.6, 1, 0]],
  ] as const)("%s where they overlap", (operation, want) => {
    run(operation, 1, 0).forEach((value, i) => {
      expect(value).toBeCloseTo(want[i] ?? Number.NaN, 6);
    });
  });

  test("beyond the mask there is nothing to combine, and the shorter batch is repeated", () => {
    expect(run("add", 3, 0)).toEqual(run("multiply", 0, 2));
    const two = noise(2, 3, 3);
    const one = { dims: [3, 3], data: new Float32Array(9).fill(1) };
    const inputs = { x: 0, y: 0, operation: "multiply" } as const;
    expect(maskOf(maskComposite.run({ destination: one, source: two, ...inputs }, ctx))).toEqual(two);
    expect(maskOf(maskComposite.run({ destination: two, source: one, ...inputs }, ctx))).toEqual(two);
  });
});
