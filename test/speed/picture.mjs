// @ts-check
/** `mezzotint run workflows/text-to-image.json` from a cold process to the PNG, with the embedded model. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, report } from "./report.mjs";

const ROOT = join(import.meta.dirname, "../..");
const ROUNDS = 5;

const home = mkdtempSync(join(tmpdir(), "mezzotint-bench-"));
try {
  const seconds = Array.from({ length: ROUNDS + 1 }, (_, round) => {
    const started = performance.now();
    const command = [
      join(ROOT, "server/bin/mezzotint.js"),
      "run",
      join(ROOT, "workflows/text-to-image.json"),
      "--json",
    ];
    const run = spawnSync(process.execPath, [...command, "--data", home, "--output", join(home, `output-${round}`)], {
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(`mezzotint run ended with ${run.status}: ${run.stderr}`);
    return (performance.now() - started) / 1000;
  });
  const [first = 0, ...rest] = seconds;
  report({
    name: "picture.first-run",
    value: first,
    unit: "s",
    target: 3,
    better: "lower",
    note: "empty data directory",
  });
  report({
    name: "picture",
    value: median(rest),
    unit: "s",
    target: 3,
    better: "lower",
    note: `20 steps with guidance, median of ${ROUNDS}`,
  });
} finally {
  rmSync(home, { recursive: true });
}
