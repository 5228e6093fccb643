import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModelPaths } from "./read.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mezzotint-paths-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  const file = join(folder, "paths.yaml");
  writeFileSync(file, text);
  return readModelPaths(file);
}

describe("a list of model folders", () => {
  test("has a folder a line, under the entry's base; what is empty is passed over", () => {
    const text = "a:\n  base_path: /m\n  vae: |\n    x\n\n    y z\n  loras:\n  custom_nodes: c\nb:\n";
    expect(read(text)).toEqual([
      { kind: "vae", folder: join("/m", "x") },
      { kind: "vae", folder: join("/m", "y z") },
    ]);
  });

  test.each(["yes", "true", "on", "True"])("is_default: %s puts an entry first", (yes) => {
    expect(read(`a:\n  is_default: ${yes}\n  vae: v\n`)).toEqual([
      { kind: "vae", folder: join(folder, "v"), first: true },
    ]);
  });

  test("counts from the file, and merges as Python does", () => {
    const roots = read("a: &a\n  vae: v\nb:\n  <<: *a\n  loras: l\n");
    expect(roots.map(({ kind }) => kind).sort()).toEqual(["loras", "vae", "vae"]);
    expect(roots[0]?.folder).toBe(join(folder, "v"));
  });

  test.each([
    ["- a\n", "is not a list of entries"],
    ["a: 3\n", "a is not a list of kinds"],
    ["a:\n  vae: [x, y]\n", "a.vae is not a path"],
    ["a:\n  ../vae: x\n", "cannot be a kind"],
    ['a:\n  vae: "x\\0y"\n', "a character that no path has"],
    ["a:\n\tvae: x\n", "not YAML"],
    // The parser itself would take the process down.
    [`a: ${"[".repeat(60_000)}`, "too many brackets"],
    ["x".repeat(300_000), "too large"],
    [
      `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${`*${i ? `b${i - 1}` : "a"}, `.repeat(9)}]`).join("\n")}`,
      "alias",
    ],
  ])("%j is refused, with the file", (text, reason) => {
    expect(() => read(text)).toThrow(reason);
    expect(() => read(text)).toThrow("paths.yaml");
  });
});
