import { describe, expect, test } from "vitest";
import { random } from "../../test/host.js";
import { inpaintInput, spread } from "./inpaint-input.js";

const SPACE = { channels: 4, scale: 0.5 };
const DIMS = [2, 4, 3, 5];
const CELLS = 15;
const plane = ({ data }: { data: Float32Array }, index: number) => data.subarray(index * CELLS, (index + 1) * CELLS);

test("without anything to go by, all is masked and the picture is blank", () => {
  const input = inpaintInput(undefined, undefined, DIMS, SPACE);
  expect(input.dims).toEqual([2, 5, 3, 5]);
  expect(plane(input, 0)).toEqual(new Float32Array(CELLS).fill(1));
  expect(new Set(plane(input, 1)).size).toBe(1);
  expect(plane(input, 6)).toEqual(plane(input, 1));
});

describe("a run's noise mask", () => {
  const mask = Float32Array.from({ length: 120 }, (_, i) => (i % 5) / 4);
  const latent = random(DIMS, 1).data;
  const input = inpaintInput(undefined, { mask, latent }, DIMS, SPACE);

  test("is shown as all or nothing, a half as nothing", () => {
    expect([...plane(input, 0)]).toEqual(Array(3).fill([0, 0, 0, 1, 1]).flat());
  });

  test("goes with the latents that the run starts from, as they are scaled already", () => {
    for (const [item, first] of [
      [0, 1],
      [1, 6],
    ] as const) {
      for (let c = 0; c < 4; c++) expect(plane(input, first + c)).toEqual(plane({ data: latent }, item * 4 + c));
    }
  });
});

describe("a condition's picture", () => {
  const told = { latent: random([1, 4, 3, 5], 2), mask: { dims: [1, 3, 5], data: new Float32Array(CELLS).fill(0.6) } };

  test("is scaled for the network, and serves the whole batch", () => {
    const input = inpaintInput(told, undefined, DIMS, SPACE);
    expect(plane(input, 0)).toEqual(new Float32Array(CELLS).fill(1));
    for (const first of [1, 6]) {
      for (let c = 0; c < 4; c++) expect(plane(input, first + c)).toEqual(plane(told.latent, c).map((v) => v * 0.5));
    }
  });

  test("takes the place of the run's", () => {
    const run = { mask: new Float32Array(120), latent: new Float32Array(120) };
    expect(inpaintInput(told, run, DIMS, SPACE)).toEqual(inpaintInput(told, undefined, DIMS, SPACE));
  });

  test("of another size is fitted, its middle kept", () => {
    const mask = { dims: [1, 12, 40], data: Float32Array.from({ length: 480 }, (_, i) => (i % 40 < 20 ? 0 : 1)) };
    const input = inpaintInput({ latent: random([1, 4, 6, 10], 3), mask }, undefined, [1, 4, 3, 4], SPACE);
    expect(input.dims).toEqual([1, 5, 3, 4]);
    expect([...input.data.subarray(0, 4)]).toEqual([0, 0, 1, 1]);
  });

  test("of another latent space is refused", () => {
    const other = { ...told, latent: random([1, 16, 3, 5], 1) };
    expect(() => inpaintInput(other, undefined, DIMS, SPACE)).toThrow(/latent of \[1,16,3,5\].*\[batch, 4, /);
  });
});

test("pictures are spread evenly over a batch", () => {
  const over = (count: number, batch: number) => Array.from({ length: batch }, (_, item) => spread(item, count, batch));
  expect(over(2, 4)).toEqual([0, 0, 1, 1]);
  expect(over(1, 3)).toEqual([0, 0, 0]);
  expect(over(3, 3)).toEqual([0, 1, 2]);
  expect(over(6, 3)).toEqual([0, 2, 5]);
  expect(over(4, 1)).toEqual([0]);
});
