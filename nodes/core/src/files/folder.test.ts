import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder, whyNotWritable } from "./folder.js";

const root = mkdtempSync(join(tmpdir(), "mezzotint-folder-"));
afterAll(() => rmSync(root, { recursive: true }));
const file = join(root, "file");
writeFileSync(file, "");

test("a folder that is not there yet can be written to if the nearest above it can", async () => {
  expect(await whyNotWritable(join(root, "a", "b"))).toBeUndefined();
  expect(existsSync(join(root, "a"))).toBe(false);
  expect(await whyNotWritable(join(file, "a"))).toContain("file is a file, not a folder");
});

test("folders are made with those above them, and are no error when they are there", async () => {
  const deep = join(root, "x", "y", "z");
  await Promise.all([makeFolder(deep), makeFolder(deep)]);
  await makeFolder(deep);
  expect(existsSync(deep)).toBe(true);
});

test("where no folder can be made, the error names it and comes at once", async () => {
  await expect(makeFolder(join(file, "a"))).rejects.toThrow(/cannot make the folder .*file/);
  if (process.platform === "linux")
    await expect(makeFolder("/proc/mezzotint")).rejects.toThrow(/cannot make the folder/);
});
