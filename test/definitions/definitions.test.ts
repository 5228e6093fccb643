import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeDefinition } from "@mezzotint/engine";
import { beforeAll, expect, test } from "vitest";
import { installedDefinitions } from "../installed.js";
import { AHEAD } from "./ahead.js";
import { actual, expected, type TableRow } from "./interfaces.js";

const at = (name: string): string => join(import.meta.dirname, name);
const rows: readonly TableRow[] = JSON.parse(readFileSync(at("core-nodes.json"), "utf8"));

let installed: ReadonlyMap<string, NodeDefinition>;
beforeAll(async () => {
  installed = await installedDefinitions();
});

test("core-nodes.json is what core-nodes.md says", () => {
  const made = execFileSync(process.execPath, [at("tables.mjs")], { encoding: "utf8" });
  expect(rows).toEqual(JSON.parse(made));
});

test.each(rows.filter((row) => AHEAD[row.class] === undefined))("$class", (row) => {
  const definition = installed.get(row.class);
  expect(definition === undefined ? "not installed" : actual(definition, row)).toEqual(expected(row));
});

test.each(Object.entries(AHEAD))("%s comes with %s", (name) => {
  expect(rows.map((row) => row.class)).toContain(name);
  expect(installed.has(name), `${name} is installed: compare it with its table`).toBe(false);
});
