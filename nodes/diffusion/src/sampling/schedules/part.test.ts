import { expect, test } from "vitest";
import { partOf } from "./part.js";

const sigmas = Float32Array.of(8, 4, 2, 1, 0);
const part = (start: number, end: number, leftoverNoise = true) => [...partOf(sigmas, { start, end, leftoverNoise })];

test.each([1, 2, 3])("two parts that meet at step %d are the whole", (at) => {
  const [first, second] = [part(0, at), part(at, 10_000)];
  expect(first.at(-1)).toBe(second[0]);
  expect([...first, ...second.slice(1)]).toEqual([...sigmas]);
});

test("a part that stops early denoises fully, unless it leaves its noise", () => {
  expect(part(1, 3, false)).toEqual([4, 2, 0]);
  expect(part(1, 3, true)).toEqual([4, 2, 1]);
  expect(part(1, 4, false)).toEqual(part(1, 4, true));
  expect([...sigmas]).toEqual([8, 4, 2, 1, 0]);
});

test.each([
  [2, 2],
  [3, 2],
  [0, 0],
  [4, 10],
  [9, 10],
])("from %d to before %d there is no step", (start, end) => {
  expect(part(start, end)).toEqual([]);
});

test("of no levels there is no part", () => {
  expect(partOf(new Float32Array(0), { start: 0, end: 10, leftoverNoise: false })).toHaveLength(0);
});
