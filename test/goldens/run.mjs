// @ts-check
// Compares the product with a set of reference numbers: `GOLDENS=DIR npm run goldens`. README.md says what is in a set.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startInference } from "@mezzotint/engine/onnx";
import { awaited, entriesOf } from "./cases/index.mjs";
import { worst } from "./compare.mjs";
import { openSet, SetError } from "./read-set.mjs";
import { line, summary } from "./report.mjs";

const USAGE = `GOLDENS=DIR node test/goldens/run.mjs [--json] [--only CASE,...]
Exit codes: 0 all passed, 1 something missed or waits for what no roadmap names, 2 the set or the arguments cannot be read.`;

/**
 * What came of an entry. `passed` is absent for what the product cannot do yet: `needs` tells what will bring it; and
 * for cases that the generator makes but this set lacks, which are `absent`.
 * @typedef {{ case: string, entry: string, passed?: boolean, needs?: string, absent?: true, error?: string } &
 *   Partial<import("./compare.mjs").Measured>} Row
 */

/** What the roadmap will bring. To wait for anything else is a miss: nobody works on it. */
const CAPABILITIES = new Set([
  "ControlNet",
  "ControlNet preprocessors",
  "IP-Adapter",
  "LoRA",
  "token merging and FreeU",
  "schedulers by diffusers' names",
]);

/** @param {string} id @param {import("./cases/index.mjs").Entry} entry @returns {Promise<Row>} */
async function judge(id, { name, needs, compare }) {
  const row = { case: id, entry: name };
  if (needs !== undefined && !CAPABILITIES.has(needs))
    return { ...row, passed: false, error: `nothing brings ${needs}` };
  if (!compare) return { ...row, ...(needs !== undefined && { needs }) };
  try {
    const measured = worst(await compare());
    return { ...row, ...measured, passed: measured.share <= 1 };
  } catch (error) {
    if (error instanceof SetError) throw error;
    return { ...row, passed: false, error: messageOf(error) };
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** Every entry of a set, in its order. @param {string} dir @param {(id: string) => boolean} wanted @returns {AsyncGenerator<Row>} */
async function* rowsOf(dir, wanted) {
  const set = await openSet(dir);
  const inference = startInference();
  try {
    for (const c of set.cases) {
      if (!wanted(c.id)) continue;
      try {
        for await (const entry of entriesOf(c, { set, inference })) yield judge(c.id, entry);
      } catch (error) {
        if (error instanceof SetError) throw error;
        yield { case: c.id, entry: "(all)", passed: false, error: messageOf(error) };
      }
    }
  } finally {
    await inference.close();
  }
  const here = new Set(set.cases.map(({ id }) => id));
  for (const id of JSON.parse(await readFile(new URL("case-ids.json", import.meta.url), "utf8"))) {
    if (here.has(id) || !wanted(id)) continue;
    const needs = awaited(id);
    yield { case: id, entry: "(all)", absent: true, ...(needs !== undefined && { needs }) };
  }
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const options = /** @type {const} */ ({
    json: { type: "boolean" },
    only: { type: "string" },
    help: { type: "boolean" },
  });
  const { json = false, only, help = false } = parseArgs({ options }).values;
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const dir = process.env.GOLDENS || fileURLToPath(new URL("data", import.meta.url));
  const ids = only?.split(",");
  /** @type {Row[]} */
  const rows = [];
  for await (const row of rowsOf(dir, (id) => ids?.includes(id) ?? true)) {
    rows.push(row);
    // JSON has no infinities: a row that is infinitely far off goes without its numbers.
    console.log(json ? JSON.stringify(row) : line(row));
  }
  if (!json) console.log(summary(rows));
  if (rows.every(({ absent }) => absent)) throw new SetError(`${dir} has no case ${only ?? "at all"}`);
  return rows.some(({ passed }) => passed === false) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof SetError || /** @type {NodeJS.ErrnoException} */ (error).code?.startsWith("ERR_PARSE_ARGS")) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 2;
  } else throw error;
}
