import type { RunContext } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { random } from "../../test/host.js";
import type { Latent } from "../sockets.js";
import { latentFromBatch, repeatLatentBatch } from "./latent-batch.js";

const ctx = {} as RunContext;
/** Latents of one cell, item i being all i; masks likewise. */
const numbered = (count: number, masks = 0, draws?: number[]): Latent => ({
  samples: { dims: [count, 2, 1, 1], data: Float32Array.from({ length: 2 * count }, (_, i) => i >> 1) },
  ...(masks > 0
    ? { noise_mask: { dims: [masks, 1, 1], data: Float32Array.from({ length: masks }, (_, i) => 10 + i) } }
    : {}),
  ...(draws ? { batch_index: draws } : {}),
});
const items = ({ samples }: Latent) => [...samples.data].filter((_, i) => i % 2 === 0);
const take = async (samples: Latent, batch_index: number, length: number) =>
  ((await latentFromBatch.run({ samples, batch_index, length }, ctx)) as { LATENT: Latent }).LATENT;
const repeat = async (samples: Latent, amount: number) =>
  ((await repeatLatentBatch.run({ samples, amount }, ctx)) as { LATENT: Latent }).LATENT;

describe("LatentFromBatch", () => {
  test.each([
    [1, 2, [1, 2]],
    [3, 9, [3, 4]],
    [63, 1, [4]],
  ])("from %i, %i of five", async (start, length, expected) => {
    const taken = await take(numbered(5), start, length);
    expect(items(taken)).toEqual(expected);
    expect(taken.batch_index).toEqual(expected);
  });

  test("what is taken of what was taken keeps its own draws", async () => {
    const once = await take(numbered(5, 0, [40, 41, 7, 9, 2]), 1, 3);
    expect((await take(once, 1, 1)).batch_index).toEqual([7]);
  });

  test("masks follow their latents; fewer are used again, one is for all", async () => {
    expect([...(await take(numbered(5, 5), 2, 2)).noise_mask!.data]).toEqual([12, 13]);
    expect([...(await take(numbered(5, 2), 2, 2)).noise_mask!.data]).toEqual([10, 11]);
    expect([...(await take(numbered(5, 1), 2, 2)).noise_mask!.data]).toEqual([10]);
  });
});

describe("RepeatLatentBatch", () => {
  test("repeats the whole batch, masks and all", async () => {
    const repeated = await repeat(numbered(3, 3), 2);
    expect(items(repeated)).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...repeated.noise_mask!.data]).toEqual([10, 11, 12, 10, 11, 12]);
    expect(repeated.batch_index).toBeUndefined();
    expect((await repeat(numbered(3, 1), 2)).noise_mask!.dims).toEqual([1, 1, 1]);
  });

  test("every copy gets draws that no other has", async () => {
    const { batch_index } = await repeat(numbered(3, 0, [4, 9, 5]), 3);
    expect(batch_index).toEqual([4, 9, 5, 10, 15, 11, 16, 21, 17]);
    expect(new Set(batch_index).size).toBe(9);
  });

  test("more than memory is refused before it is made", () => {
    const samples = { samples: random([64, 4, 128, 128], 1) };
    expect(() => repeatLatentBatch.run({ samples, amount: 1024 }, ctx)).toThrow(/GiB/);
  });
});
