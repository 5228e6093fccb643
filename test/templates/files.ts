import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "@mezzotint/engine";
import { root } from "../command.js";
import type { SavedFile } from "./second-reader/tables.js";

/** Where the public templates lie: `$MEZZOTINT_TEMPLATES`, or what fetch.mjs filled. */
const folder = process.env.MEZZOTINT_TEMPLATES || join(root, "node_modules/.cache/mezzotint-templates/0.1.123");

export interface Template {
  readonly name: string;
  readonly text: string;
  readonly json: SavedFile;
}

/** Every workflow of the folder; the package's indexes are none. Nothing where there is no folder. */
export function templates(): readonly Template[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      return { name, text, json: parseJson(text) as SavedFile };
    })
    .filter(({ json }) => Array.isArray(json?.nodes));
}
