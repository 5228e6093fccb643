import { truncate, writeFile } from "node:fs/promises";
import { identify } from "@mezzotint/nodes-core";
import { expect, test } from "vitest";
import { testHost } from "../../test/host.js";
import { identifyAll } from "./identity.js";

const { path } = testHost();

test("several files have one identity, in which order counts", async () => {
  await writeFile(path("a"), "weights");
  await writeFile(path("b"), "other");
  const [ab, ba] = [await identifyAll([path("a"), path("b")]), await identifyAll([path("b"), path("a")])];
  expect(ab).toMatch(/^[0-9a-f]{64}$/);
  expect(ab).not.toBe(ba);
  expect(await identifyAll([path("a")])).toBe(await identify(path("a")));
});

test("it holds in this process only if that of any file does", async () => {
  await writeFile(path("large"), "");
  await truncate(path("large"), 2 ** 26 + 1);
  expect(await identifyAll([path("a"), path("large")])).toMatch(/^~[0-9a-f]{64}$/);
});
