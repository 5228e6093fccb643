import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const executable = join(root, "server/bin/mezzotint.js");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly stdin?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  /** The command, if not the one that was built here. */
  readonly command?: readonly string[];
  /** Given the process as soon as it runs, and what it says. */
  readonly watch?: (said: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built `mezzotint`, as a user's shell would. */
export function mezzotint(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { cwd = root, stdin, env, watch, command = [process.execPath, executable] } = options;
  const [program = "", ...before] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, ...args], { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      watch?.(String(chunk), (signal) => child.kill(signal));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
      watch?.(String(chunk), (signal) => child.kill(signal));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    // Whoever refuses a file closes the pipe before all of it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}

/** An empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mezzotint-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, hidden ones too, sorted; none if there is no such folder. */
export function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    return [];
  }
}

/**
 * A data directory that test files share: compiled models are made once, as on a user's machine. Tests that look at
 * the directory itself use one of their own.
 */
export const sharedData = join(root, "node_modules/.cache/mezzotint-test-data");
