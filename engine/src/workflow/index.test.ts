import { expect, test } from "vitest";

declare global {
  interface ImportMeta {
    /** Vite's: the sources of files by path. */
    glob(pattern: string, options: object): Readonly<Record<string, string>>;
  }
}

const sources = {
  ...import.meta.glob("./*.ts", { query: "?raw", import: "default", eager: true }),
  ...import.meta.glob("../run/*.ts", { query: "?raw", import: "default", eager: true }),
};

/** The modules that a module's values come from; types leave nothing behind. */
const importedBy = (source: string): readonly string[] =>
  [...source.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm)].map(([, from]) => from!);

test("runs in browsers: all it imports is its own folder, a few modules of the runtime, and two libraries", () => {
  const modules = new Set(["./index.ts"]);
  const packages = new Set<string>();
  for (const module of modules) {
    const source = sources[module];
    if (source === undefined) throw new Error(`${module} is imported, but lies elsewhere`);
    for (const from of importedBy(source)) {
      if (!from.startsWith(".")) packages.add(from);
      else if (module.startsWith("../run/")) modules.add(from.replace(/^\.\//, "../run/").replace(/\.js$/, ".ts"));
      else modules.add(from.replace(/\.js$/, ".ts"));
    }
  }
  expect(modules).toContain("./to-prompt.ts");
  expect([...modules].filter((module) => !module.startsWith("./")).sort()).toEqual([
    "../run/graph.ts",
    "../run/json.ts",
    "../run/layout.ts",
    "../run/problems.ts",
  ]);
  expect([...packages].sort()).toEqual(["lossless-json", "zod/mini"]);
});
