import { expect, test } from "vitest";
import { prepareNoise } from "./prepare-noise.js";

const items = ({ data }: { data: Float32Array }, count: number) =>
  Array.from({ length: count }, (_, i) => [
    ...data.subarray((i * data.length) / count, ((i + 1) * data.length) / count),
  ]);

test("a place in the batch has its noise, wherever it is drawn", () => {
  const [first, second, third] = items(prepareNoise([3, 4, 4, 4], 7n, [0, 1, 2]), 3);
  expect(items(prepareNoise([3, 4, 4, 4], 7n, [2, 0, 2]), 3)).toEqual([third, first, third]);
  expect(items(prepareNoise([1, 4, 4, 4], 7n, [1]), 1)).toEqual([second]);
});

test("places count from the start of the draw when a latent fills whole blocks", () => {
  expect(prepareNoise([3, 4, 4, 4], 7n).data).toEqual(prepareNoise([3, 4, 4, 4], 7n, [0, 1, 2]).data);
});

test.each([[[-1]], [[0.5]], [[1e12]], [[Number.NaN]]])("the places %j are refused", (places) => {
  expect(() => prepareNoise([1, 4, 2, 2], 1n, places)).toThrow(`batch_index holds ${places[0]}`);
});

test("as many places as items are needed", () => {
  expect(() => prepareNoise([3, 4, 2, 2], 1n, [0, 1])).toThrow("2 places for a batch of 3");
});
