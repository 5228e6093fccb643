import { type RunContext, services } from "@mezzotint/engine";
import { expect, test } from "vitest";
import { random } from "../../test/host.js";
import type { Conditioning } from "../sockets.js";
import {
  conditioningSetArea,
  conditioningSetAreaPercentage,
  conditioningSetMask,
  conditioningSetTimestepRange,
} from "./conditioning-areas.js";

const context: RunContext = {
  node: "1",
  signal: new AbortController().signal,
  progress: () => {},
  show: () => {},
  expand: () => Promise.reject(new Error("these nodes do not expand")),
  use: services([]),
};
const conditioning: Conditioning = [1, 2].map((seed) => ({ tokens: random([1, 3, 6], seed) }));
const mask = { dims: [1, 4, 4], data: new Float32Array(16).fill(1) };
const out = async (result: unknown) => ((await result) as { CONDITIONING: Conditioning }).CONDITIONING;
const setArea = (given: Conditioning) =>
  out(conditioningSetArea.run({ conditioning: given, width: 135, height: 64, x: 8, y: 71, strength: 1.5 }, context));
const setMask = (given: Conditioning, set_cond_area: "default" | "mask bounds" = "default") =>
  out(conditioningSetMask.run({ conditioning: given, mask, strength: 0.5, set_cond_area }, context));

test("an area is in whole cells of eight pixels, for each condition", async () => {
  const area = { height: 8, width: 16, y: 8, x: 1 };
  expect(await setArea(conditioning)).toEqual(conditioning.map((one) => ({ ...one, area, strength: 1.5 })));
});

test("an area in parts of the picture waits for the latent's size", async () => {
  const parts = { width: 0.5, height: 1, x: 0.25, y: 0 };
  const [set] = await out(conditioningSetAreaPercentage.run({ conditioning, ...parts, strength: 1 }, context));
  expect(set?.area).toEqual({ ...parts, relative: true });
});

test("a mask keeps the area that was set, and an area the mask but not its bounds", async () => {
  const [both] = await setMask(await setArea(conditioning));
  expect(both).toMatchObject({ area: { width: 16 }, strength: 1.5, mask: { strength: 0.5, bounds: false } });
  const [bound] = await setMask(conditioning, "mask bounds");
  expect(bound?.mask?.bounds).toBe(true);
  const [last] = await setArea(await setMask(conditioning, "mask bounds"));
  expect(last?.mask).toEqual({ pixels: mask, strength: 0.5, bounds: false });
});

test("what is no mask is refused where it comes in", () => {
  const wrong = { dims: [1, 1, 4, 4], data: mask.data };
  const inputs = { conditioning, mask: wrong, strength: 1, set_cond_area: "default" as const };
  expect(() => conditioningSetMask.run(inputs, context)).toThrow(/a mask is \[batch, height, width\]/);
});

test("a range is kept as it is given, and what came in stays as it was", async () => {
  const before = structuredClone(conditioning);
  const set = await out(conditioningSetTimestepRange.run({ conditioning, start: 0.2, end: 0.9 }, context));
  expect(set.map(({ range }) => range)).toEqual(Array(2).fill({ start: 0.2, end: 0.9 }));
  expect(conditioning).toEqual(before);
});
