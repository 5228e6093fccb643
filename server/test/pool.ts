import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Prompt, RunEvent } from "@mezzotint/engine";
import { stringifyJson } from "@mezzotint/engine";
import { onTestFinished } from "vitest";
// Workers are processes of the built package.
import { places } from "../dist/places.js";
import { openPool, type PoolOptions } from "../dist/worker/pool.js";
import type { Pool, RunListener } from "../dist/worker/pool-interface.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Compiled models are made once for all tests; what a test writes goes to folders of its own. */
export const sharedData = join(root, "node_modules/.cache/mezzotint-test-data");

/** A pack of odd nodes, for tests only: see its file. */
export const oddPack = fileURLToPath(new URL("odd-pack.mjs", import.meta.url));

/** An empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mezzotint-pool-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A pool whose output, input and temporary folders are new, and what it logged. It is closed after the test. */
export function newPool(options: Partial<PoolOptions> = {}): {
  pool: Pool;
  log: string[];
  output: string;
  temp: string;
} {
  const folder = temporaryFolder();
  const output = join(folder, "output");
  const temp = join(folder, "temp");
  const log: string[] = [];
  const pool = openPool({
    workers: 1,
    jobsPerWorker: 4,
    places: { ...places({ data: sharedData, output }), inputs: [join(folder, "input")], temp },
    localPacks: [oddPack],
    onLog: (line) => log.push(line),
    ...options,
  });
  onTestFinished(() => pool.close(0));
  return { pool, log, output, temp };
}

/** A run in a pool. */
export interface Run {
  readonly id: string;
  readonly events: readonly RunEvent[];
  readonly ended: Promise<Parameters<RunListener["ended"]>[0]>;
  /** Resolves with the first event of a type. Rejects when the run ends before. */
  readonly first: (type: RunEvent["type"]) => Promise<RunEvent>;
}

/** Runs all nodes of a prompt that show or save something, or those named. */
export function start(pool: Pool, prompt: Prompt, targets: readonly string[]): Run {
  const id = randomUUID();
  const events: RunEvent[] = [];
  const waiting = new Set<() => void>();
  let over = false;
  const ended = new Promise<Parameters<RunListener["ended"]>[0]>((resolve) => {
    const worker = pool.free();
    if (worker === undefined) throw new Error("no worker is free");
    const job = { id, user: "default", prompt: stringifyJson(prompt), extra: "{}", targets, number: 1 };
    const kept = { status: "running", seq: 1, createdAt: 0, outputs: "{}", meta: "{}", messages: "[]" } as const;
    const notify = () => {
      for (const check of waiting) check();
    };
    pool.run(
      worker,
      { job: { ...job, ...kept, attempt: 1 }, attempt: 1 },
      {
        event: (event) => {
          events.push(event);
          notify();
        },
        ended: (how) => {
          over = true;
          resolve(how);
          notify();
        },
      },
    );
  });
  const first = (type: RunEvent["type"]) =>
    new Promise<RunEvent>((resolve, reject) => {
      const check = () => {
        const found = events.find((event) => event.type === type);
        if (found) resolve(found);
        else if (over) reject(new Error(`the run ended before it told ${type}`));
        else return void waiting.add(check);
        waiting.delete(check);
      };
      check();
    });
  return { id, events, ended, first };
}

/** The one worker of a pool, once it can work. */
export async function workerOf(pool: Pool): Promise<number> {
  await pool.definitions("default");
  await until(() => pool.free() !== undefined);
  return pool.workers()[0]?.pid as number;
}

/** Polls until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The processes that a process has started. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** Writes a module into a folder of its own, and gives its path. */
export function moduleWith(source: string): string {
  const file = join(temporaryFolder(), "pack.mjs");
  writeFileSync(file, source);
  return file;
}
