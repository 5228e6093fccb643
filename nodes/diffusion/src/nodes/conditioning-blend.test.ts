import type { RunContext, Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import type { Condition, Conditioning } from "../sockets.js";
import {
  conditioningAverage,
  conditioningCombine,
  conditioningConcat,
  conditioningZeroOut,
} from "./conditioning-blend.js";

const tensor = (dims: readonly number[], ...values: number[]): Tensor => ({ dims, data: Float32Array.of(...values) });

const shown: unknown[] = [];
const ctx = { show: (ui: unknown) => shown.push(ui) } as unknown as RunContext;
const run = async (node: { run: (inputs: never, ctx: RunContext) => unknown }, inputs: object) =>
  ((await node.run(inputs as never, ctx)) as { CONDITIONING: Conditioning }).CONDITIONING;

const range = { start: 0.2, end: 0.8 };
const a: Condition = { tokens: tensor([1, 2, 2], 1, 2, 3, 4), pooled: tensor([1, 2], 10, 20), range };
const b: Condition = { tokens: tensor([1, 1, 2], 5, 6), pooled: tensor([1, 2], 30, 40), strength: 2 };
const bare: Condition = { tokens: tensor([1, 3, 2], 1, 1, 1, 1, 1, 1) };
const values = ({ data }: Tensor) => [...data];

test("ConditioningCombine has all conditions of both, in order", async () => {
  expect(await run(conditioningCombine, { conditioning_1: [a, b], conditioning_2: [bare] })).toEqual([a, b, bare]);
});

test("ConditioningCombine of a conditioning with itself, again and again, is refused before it fills the memory", async () => {
  const many = new Array<Condition>(600).fill(bare);
  await expect(run(conditioningCombine, { conditioning_1: many, conditioning_2: many })).rejects.toThrow(
    "1200 conditions together; at most 1024",
  );
});

describe("ConditioningConcat", () => {
  test("puts tokens behind those of every condition, and keeps the rest of it", async () => {
    const [first, second] = await run(conditioningConcat, { conditioning_to: [a, bare], conditioning_from: [b] });
    expect(first).toEqual({ ...a, tokens: tensor([1, 3, 2], 1, 2, 3, 4, 5, 6) });
    expect(second?.tokens.dims).toEqual([1, 4, 2]);
    expect(second).not.toHaveProperty("pooled");
  });

  test("takes the first of several, and says so", async () => {
    shown.length = 0;
    const [one] = await run(conditioningConcat, { conditioning_to: [a], conditioning_from: [b, bare] });
    expect(one?.tokens.dims).toEqual([1, 3, 2]);
    expect(shown).toEqual([{ warnings: [expect.stringContaining("holds 2 conditions; only the first")] }]);
  });

  test("refuses what would not fit into the memory", async () => {
    const batch: Condition = { tokens: { dims: [65_536, 1, 1], data: new Float32Array(65_536) } };
    const long: Condition = { tokens: { dims: [1, 65_536, 1], data: new Float32Array(65_536) } };
    await expect(run(conditioningConcat, { conditioning_to: [batch], conditioning_from: [long] })).rejects.toThrow(
      "65536 × 65537 × 1 would take 16.0 GiB",
    );
  });

  test("repeats a single item for a batch", async () => {
    const batch: Condition = { tokens: tensor([2, 1, 2], 1, 2, 3, 4) };
    const [one] = await run(conditioningConcat, { conditioning_to: [batch], conditioning_from: [b] });
    expect(one?.tokens).toEqual(tensor([2, 2, 2], 1, 2, 5, 6, 3, 4, 5, 6));
  });
});

describe("ConditioningAverage", () => {
  const average = (to: Conditioning, from: Conditioning, strength: number) =>
    run(conditioningAverage, { conditioning_to: to, conditioning_from: from, conditioning_to_strength: strength });

  test("of strength 1 is the one side; of 0 the other, at the length of the one", async () => {
    expect((await average([a], [b], 1))[0]).toEqual(a);
    expect((await average([a], [b], 0))[0]).toEqual({
      ...a,
      tokens: tensor([1, 2, 2], 5, 6, 0, 0),
      pooled: tensor([1, 2], 30, 40),
    });
  });

  test("mixes tokens and pooled texts, and fills up with zeros what is shorter", async () => {
    const [one] = await average([a], [b], 0.75);
    expect(values(one!.tokens)).toEqual([2, 3, 2.25, 3]);
    expect(values(one!.pooled!)).toEqual([15, 25]);
    expect(one?.range).toEqual(range);
  });

  test("cuts what is longer", async () => {
    const [one] = await average([b], [a], 0.5);
    expect(one?.tokens).toEqual(tensor([1, 1, 2], 3, 4));
    expect(one?.strength).toBe(2);
  });

  test("takes the pooled text of whichever side has one", async () => {
    expect((await average([bare], [b], 0.5))[0]?.pooled).toEqual(b.pooled);
    expect((await average([b], [bare], 0.5))[0]?.pooled).toEqual(b.pooled);
    expect((await average([bare], [bare], 0.5))[0]).not.toHaveProperty("pooled");
  });

  test("of texts for different models is an error that names both widths", async () => {
    const wide: Condition = { tokens: tensor([1, 1, 3], 1, 2, 3) };
    await expect(average([a], [wide], 0.5)).rejects.toThrow("conditioning_to is 2 wide and conditioning_from 3");
  });

  test("with nothing is an error", async () => {
    await expect(average([a], [], 0.5)).rejects.toThrow("holds no condition");
  });
});

test("ConditioningZeroOut leaves nothing of the text, but where and when it holds", async () => {
  const [first, second] = await run(conditioningZeroOut, { conditioning: [a, bare] });
  expect(first).toEqual({ tokens: tensor([1, 2, 2], 0, 0, 0, 0), pooled: tensor([1, 2], 0, 0), range });
  expect(second).toEqual({ tokens: tensor([1, 3, 2], 0, 0, 0, 0, 0, 0) });
  expect(values(a.tokens)).toEqual([1, 2, 3, 4]);
});
