// @ts-check
/**
 * Prints every figure as a JSON line: name, value, unit, target, `better`, or `skipped` with the reason. The machine
 * comes first, since no figure means anything without it.
 *
 *   npm run bench                   all of them
 *   npm run bench -- engine sd15    some of them
 *   TORCH_PYTHON=~/venv/bin/python npm run bench -- sd15    against torch, when it isn't in `python3`
 *
 * Each benchmark is a process of its own, so that none warms another's caches.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

const BENCHMARKS = ["engine", "picture", "sampler", "server", "sd15"];
/** The engine is measured as the server's workers run it (server/src/worker/worker-process.ts). */
const WORKER_FLAGS = ["--max-semi-space-size=32"];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHMARKS.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(", ")}; there are ${BENCHMARKS.join(", ")}`);
  process.exit(2);
}

console.log(
  JSON.stringify({
    machine: {
      cpu: cpus()[0]?.model.trim(),
      cores: cpus().length,
      memory: totalmem(),
      node: process.version,
      engine: WORKER_FLAGS.join(" "),
      flags: flags(),
    },
  }),
);
let failed = false;
for (const name of wanted.length > 0 ? wanted : BENCHMARKS) {
  const flags = name === "engine" ? WORKER_FLAGS : [];
  const child = spawn(process.execPath, ["--expose-gc", ...flags, join(import.meta.dirname, `${name}.mjs`)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  failed ||= code !== 0;
}
process.exit(failed ? 1 : 0);

/** The vector extensions that decide how fast convolutions are. */
function flags() {
  try {
    const line = readFileSync("/proc/cpuinfo", "utf8").match(/^flags\s*:(.*)$/m)?.[1] ?? "";
    return line
      .split(" ")
      .filter((flag) => /^(avx|f16c|fma|sse4|amx|.*vnni)/.test(flag))
      .join(" ");
  } catch {
    return "unknown: /proc/cpuinfo is not there";
  }
}
