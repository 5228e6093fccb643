// @ts-check
/**
 * A UNet of Stable Diffusion 1.5's size: loading it the first and the second time, one step at 512² against torch on
 * one and on two threads, and what the sampler adds to a step. Weights are random; only time and memory are measured.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startInference } from "@mezzotint/engine/onnx";
import { openCheckpoint, unetSession } from "@mezzotint/nodes-diffusion";
import { makeSd15 } from "./make-sd15.mjs";
import { cpuSeconds, privateMegabytes } from "./processes.mjs";
import { median, report, skip } from "./report.mjs";

const ROUNDS = 3;
const CACHE = process.env.MEZZOTINT_BENCH_DATA ?? join(tmpdir(), "mezzotint-bench");
mkdirSync(CACHE, { recursive: true });
const file = join(CACHE, "sd15-unet-random-fp16.safetensors");
await makeSd15(file);
const { model } = await openCheckpoint(file);
if (!model) throw new Error(`${file} was not recognised as a UNet`);
const session = await unetSession(model);
const random = (/** @type {number[]} */ ...dims) => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.random() * 2 - 1),
});
const feeds = (size = 64) => ({
  sample: random(1, 4, size, size),
  timestep: { dims: [1], data: Float32Array.of(500) },
  context: random(1, 77, 768),
});

await loading();
for (const threads of [1, 2]) await againstTorch(threads);

/**
 * A session without the compiled cache, one that writes it, and one that finds it, each in a fresh host process. What a
 * creation costs is the first tiny run less another like it, the process's own start included.
 */
async function loading() {
  const cacheDir = mkdtempSync(join(CACHE, "compiled-"));
  const load = async (/** @type {Parameters<typeof startInference>[0]} */ options) => {
    const inference = startInference({ threads: 1, ...options });
    const cpu = () => cpuSeconds(inference.pid() ?? 0);
    const started = performance.now();
    await inference.run(session, feeds(8));
    const seconds = (performance.now() - started) / 1000;
    const [created, megabytes] = [cpu(), privateMegabytes(inference.pid() ?? 0)];
    await inference.run(session, feeds(8));
    const again = cpu();
    await inference.run(session, feeds(64));
    const full = cpu();
    await inference.close();
    if (created === undefined || again === undefined || full === undefined || megabytes === undefined) return undefined;
    return { create: created - (again - created), step: full - again, megabytes, seconds };
  };
  try {
    // A virtual machine pays more for memory that it touches for the first time: the lower of two is ours.
    const plains = [await load({}), await load({})];
    const plain = plains.sort((a, b) => (a?.create ?? 0) - (b?.create ?? 0))[0];
    const writing = await load({ cacheDir });
    const second = await load({ cacheDir });
    if (!plain || !writing || !second)
      return skip("sd15.load", "CPU time of other processes is read from /proc, which is not here");
    const figure = (/** @type {string} */ name, /** @type {number} */ value, unit = "CPU s", target = {}) =>
      report({ name: `sd15.load.${name}`, value, unit, better: "lower", ...target });
    figure("first", plain.create);
    figure("first+step", plain.create + plain.step, "CPU s", { target: 25, note: "no cache written" });
    figure("first.writing-cache", writing.create, "CPU s", { note: "written, and opened again from the files" });
    figure("second", second.create, "CPU s", { target: 2.5 });
    figure("second.private-memory", second.megabytes, "MB", { target: 300 });
    figure("second.seconds", second.seconds, "s", { note: "to the result of a tiny step" });
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

/** Steps in turn, ours and torch's, so that both see the same machine. @param {number} threads */
async function againstTorch(threads) {
  const name = `sd15.step.${threads}-thread${threads > 1 ? "s" : ""}`;
  const torch = await startTorch(threads);
  const inference = startInference({ threads });
  await inference.run(session, feeds());
  const pid = inference.pid() ?? 0;
  /** @type {{ wall: number, cpu: number }[]} */
  const ours = [];
  /** @type {{ wall: number, cpu: number }[]} */
  const theirs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuSeconds(pid) ?? 0;
    const { ms } = await inference.run(session, feeds());
    ours.push({ wall: ms / 1000, cpu: (cpuSeconds(pid) ?? 0) - before });
    if (torch.step) theirs.push(await torch.step());
  }
  await inference.close();
  torch.stop();
  const wall = median(ours.map((run) => run.wall));
  report({ name, value: wall, unit: "s", better: "lower" });
  if (!torch.step) return skip(`${name}.of-torch`, torch.missing);
  const their = median(theirs.map((run) => run.wall));
  report({ name: `${name}.torch`, value: their, unit: "s", better: "lower", note: `torch ${torch.version}` });
  report({ name: `${name}.of-torch`, value: wall / their, unit: "ratio", target: 0.85, better: "lower" });
  const cpu = median(ours.map((run) => run.cpu)) / median(theirs.map((run) => run.cpu));
  report({ name: `${name}.of-torch.cpu`, value: cpu, unit: "ratio", better: "lower" });
}

/** A torch process that runs a step when asked. @param {number} threads */
async function startTorch(threads) {
  const python = process.env.TORCH_PYTHON ?? "python3";
  const script = join(import.meta.dirname, "torch_unet.py");
  const child = spawn(python, [script, String(threads)], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? { missing: `${python} ended` } : JSON.parse(value);
  };
  const first = await Promise.race([next(), once(child, "error").then(() => ({ missing: `there is no ${python}` }))]);
  const stop = () => void child.kill();
  if (!first.ready) return { pid: child.pid, step: undefined, missing: String(first.missing), version: "", stop };
  const step = async () => {
    child.stdin.write("\n");
    return /** @type {{ wall: number, cpu: number }} */ (await next());
  };
  return { pid: child.pid, step, missing: "", version: String(first.ready), stop };
}
