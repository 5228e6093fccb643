import { createHash } from "node:crypto";
import { copyFile, mkdtemp, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contentHash, identify } from "./identity.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-identity-"));
});
afterAll(() => rm(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const long = new Date("2020-01-01");

test("a small file is known by its content, wherever and whenever it was written", async () => {
  await writeFile(path("a"), "weights");
  const identity = await identify(path("a"));
  expect(identity).toBe(createHash("sha256").update("weights").digest("hex"));
  await copyFile(path("a"), path("b"));
  await utimes(path("b"), long, long);
  expect(await identify(path("b"))).toBe(identity);
});

test("a file that is rewritten gets another identity, also at the same size and with the same time", async () => {
  for (const content of ["one", "two"]) {
    await writeFile(path("c"), content);
    await utimes(path("c"), long, long);
    expect(await identify(path("c"))).toBe(createHash("sha256").update(content).digest("hex"));
  }
});

test("a large file is known in this process only, until its content has been hashed", async () => {
  await writeFile(path("large"), "");
  await truncate(path("large"), 2 ** 26 + 1);
  await utimes(path("large"), long, long);
  const before = await identify(path("large"));
  expect(before).toMatch(/^~[0-9a-f]{64}$/);
  expect(await identify(path("large"))).toBe(before);
  const hash = await contentHash(path("large"));
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await identify(path("large"))).toBe(hash);
});
