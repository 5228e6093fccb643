import { rm, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { provide, type RunContext, type Shown, services } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { difference, testHost } from "../../test/host.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { type Clip, openCheckpoint } from "../models/index.js";
import type { Conditioning } from "../sockets.js";
import { clipTextEncode } from "./conditioning.js";

const { inference, path } = testHost();
const emoji = fileURLToPath(new URL("../../../../models/emoji/model", import.meta.url));

let ctx: RunContext;
let clip: Clip;
const shown: Shown[] = [];
const embedding = (name: string, seed: number, width = 128) =>
  writeWeights(path("models", "embeddings", name), randomWeights(new Map([["emb_params", [2, width] as const]]), seed));

beforeAll(async () => {
  await embedding("cat.safetensors", 1);
  await embedding("sub/dog.safetensors", 2);
  await embedding("narrow.safetensors", 3, 64);
  await writeFile(path("models", "embeddings", "old.pt"), Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0));
  ctx = {
    signal: new AbortController().signal,
    show: (ui: Shown) => shown.push(ui),
    use: services([provide(FOLDERS, openFolders({ data: path() })), provide(INFERENCE, inference())]),
  } as unknown as RunContext;
  clip = (await openCheckpoint(emoji)).clip!;
});
beforeEach(() => {
  shown.length = 0;
});

const encode = async (text: string) =>
  ((await clipTextEncode.run({ text, clip }, ctx)) as { CONDITIONING: Conditioning }).CONDITIONING[0]!;
const version = async (text?: string) => clipTextEncode.version?.(text === undefined ? {} : { text }, ctx);

describe("embeddings in a prompt", () => {
  test("change what it says, wherever their files lie", async () => {
    const plain = await encode("red");
    for (const name of ["cat", "cat.safetensors", "sub/dog", "dog", "sub\\dog"]) {
      const { tokens } = await encode(`red embedding:${name}`);
      expect(tokens.dims).toEqual([1, 77, 128]);
      expect(difference(tokens, plain.tokens)).toBeGreaterThan(0.01);
    }
    expect(shown).toEqual([]);
  });

  test("that are not there are left out, and the user is told", async () => {
    expect(difference((await encode("red embedding:none")).tokens, (await encode("red")).tokens)).toBe(0);
    expect(shown).toEqual([{ warnings: [expect.stringContaining('no embedding "none" in models/embeddings')] }]);
  });

  test("of another kind of model, and pickles, are errors that name the file", async () => {
    await expect(encode("embedding:narrow")).rejects.toThrow(/narrow\.safetensors: its rows are 64 wide.*are 128/);
    await expect(encode("embedding:old")).rejects.toThrow(/old\.pt: .*pickle.*convert it to \.safetensors/);
  });

  test("cannot lead out of their folder", async () => {
    await embedding("../secret.safetensors", 4);
    await encode("embedding:../secret");
    expect(shown).toEqual([{ warnings: [expect.stringContaining('no embedding "../secret"')] }]);
  });
});

describe("the version", () => {
  test("of a text that names no embedding is nothing, and needs no folders", async () => {
    const nowhere = { use: services([]) };
    expect(await clipTextEncode.version?.({ text: "(red:1.2) apple" }, nowhere)).toBe("");
  });

  test("follows the files that a text names, and no other", async () => {
    const [cat, both, other] = ["embedding:cat", "embedding:cat embedding:dog", "embedding:dog"];
    const before = [await version(cat), await version(both), await version(other)];
    expect(new Set(before).size).toBe(3);
    await embedding("sub/dog.safetensors", 5);
    const after = [await version(cat), await version(both), await version(other)];
    expect(after.map((one, i) => one === before[i])).toEqual([true, false, false]);
  });

  test("changes when a missing embedding comes, and when it goes", async () => {
    const before = await version("embedding:late,");
    await embedding("late.safetensors", 6);
    // A folder that was read just now is read again, however coarse the file system's clock is.
    await utimes(path("models", "embeddings"), new Date(), new Date());
    const there = await version("embedding:late,");
    expect(there).not.toBe(before);
    await rm(path("models", "embeddings", "late.safetensors"));
    expect(await version("embedding:late,")).toBe(before);
  });

  test("of a linked text follows every embedding: it may name any", async () => {
    const before = await version();
    expect(await version()).toBe(before);
    await embedding("sub/dog.safetensors", 7);
    expect(await version()).not.toBe(before);
  });
});
