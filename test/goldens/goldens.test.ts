import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

/** A line of `run.mjs --json`. */
interface Row {
  readonly case: string;
  readonly entry: string;
  readonly passed?: boolean;
  readonly needs?: string;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const cases: { readonly id: string }[] = JSON.parse(readFileSync(at("data/manifest.json"), "utf8")).cases;

/** Runs the comparison as a user does. */
const run = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [at("run.mjs"), ...args], options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

describe("the reference numbers of data/", () => {
  let rows: Row[];
  let code: number;
  beforeAll(async () => {
    const { stdout, stderr, ...ended } = await run({ GOLDENS: at("data") }, "--json");
    expect(stderr).toBe("");
    code = ended.code;
    rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  });

  test.each(cases)("$id", ({ id }) => {
    const judged = rows.filter((row) => row.case === id && row.needs === undefined);
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.filter(({ passed }) => !passed)).toEqual([]);
  });

  test("the command says that nothing missed", () => expect(code).toBe(0));
});

test("a folder that is no set ends with 2 and says so", async () => {
  const { code, stderr } = await run({ GOLDENS: at("cases") });
  expect(code).toBe(2);
  expect(stderr).toContain("manifest.json");
});
