import { createHash } from "node:crypto";
import { copyFile, truncate, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { bench } from "../../test/host.js";
import { contentHash, identify, identifyAll } from "./identity.js";

const { path } = bench();

test("a small file is known by its content, wherever and whenever it was written", async () => {
  await writeFile(path("a"), "weights");
  const identity = await identify(path("a"));
  expect(identity).toBe(createHash("sha256").update("weights").digest("hex"));
  await copyFile(path("a"), path("b"));
  await utimes(path("b"), 1, 1);
  expect(await identify(path("b"))).toBe(identity);
});

test("a file that is rewritten gets another identity, also at the same size", async () => {
  await writeFile(path("c"), "one");
  const before = await identify(path("c"));
  await writeFile(path("c"), "two");
  expect(await identify(path("c"))).not.toBe(before);
});

test("a large file is known in this process only, until its content has been hashed", async () => {
  await writeFile(path("large"), "");
  await truncate(path("large"), 2 ** 26 + 1);
  const before = await identify(path("large"));
  expect(before).toMatch(/^~[0-9a-f]{64}$/);
  expect(await identify(path("large"))).toBe(before);
  expect(await identifyAll([path("a"), path("large")])).toMatch(/^~/);
  const hash = await contentHash(path("large"));
  expect(await identify(path("large"))).toBe(hash);
  expect(await identifyAll([path("a"), path("large")])).toMatch(/^[0-9a-f]{64}$/);
});

test("several files have one identity, in which order counts", async () => {
  await writeFile(path("d"), "other");
  const [ab, ba] = [await identifyAll([path("a"), path("d")]), await identifyAll([path("d"), path("a")])];
  expect(ab).not.toBe(ba);
  expect(await identifyAll([path("a")])).toBe(await identify(path("a")));
});
