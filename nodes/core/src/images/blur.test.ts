import { describe, expect, test } from "vitest";
import type { Image } from "../sockets.js";
import { finished } from "../steps.js";
import { newTensor } from "./allocate.js";
import {
  gaussian,
  type Kernel,
  radialGaussian,
  convolved as steppedBlur,
  sharpened as steppedSharpening,
} from "./blur.js";

const convolved = (image: Image, kernel: Kernel) => finished(steppedBlur(image, kernel));
const sharpened = (image: Image, kernel: Kernel, amount: number) => finished(steppedSharpening(image, kernel, amount));

const noise = (...dims: [number, number, number, number]) => {
  const image = newTensor(...dims);
  image.data.forEach((_, i) => {
    image.data[i] = ((i * 7919) % 997) / 997;
  });
  return image;
};

describe("convolving", () => {
  test("spreads a point into the kernel's product with itself", () => {
    const point = newTensor(1, 7, 9, 1);
    point.data[3 * 9 + 4] = 1;
    const kernel = gaussian(2, 1.3);
    const { data } = convolved(point, kernel);
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < 9; x++) {
        const weight = (kernel[Math.abs(x - 4)] ?? 0) * (kernel[Math.abs(y - 3)] ?? 0);
        expect(data[y * 9 + x]).toBeCloseTo(weight, 7);
      }
    }
  });

  test("leaves one colour as it is, however small the picture", () => {
    for (const [height, width] of [
      [5, 4],
      [1, 1],
      [2, 1],
    ] as const) {
      const plain = newTensor(2, height, width, 4);
      plain.data.fill(0.3);
      for (const value of convolved(plain, radialGaussian(31, 10)).data) expect(value).toBeCloseTo(0.3, 6);
    }
  });

  test("mirrors at the sides without repeating them", () => {
    const row = { dims: [1, 1, 3, 1], data: Float32Array.of(0, 1, 0) };
    const [side = 0, centre = 0] = [gaussian(1, 1)[1], gaussian(1, 1)[0]];
    const { data } = convolved(row, [centre, side]);
    [2 * side, centre, 2 * side].forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 6);
    });
  });

  test("is the same for a picture alone and in a batch", () => {
    const both = noise(2, 6, 5, 3);
    const second = { dims: [1, 6, 5, 3], data: both.data.slice(90) };
    const kernel = radialGaussian(3, 0.7);
    expect(convolved(both, kernel).data.slice(90)).toEqual(convolved(second, kernel).data);
  });
});

test("sharpening by nothing changes nothing, and what it adds stays within 0..1", () => {
  const image = noise(1, 6, 7, 3);
  expect(sharpened(image, gaussian(1, 1), 0).data).toEqual(image.data);
  const { data } = sharpened(image, gaussian(1, 1), 50);
  expect([Math.min(...data), Math.max(...data)]).toEqual([0, 1]);
});
