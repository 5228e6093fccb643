import { spawn } from "node:child_process";

/** What every command of ours runs under: nothing reports home, nothing asks. */
const quiet = {
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  ...(process.stderr.isTTY ? {} : { NO_COLOR: "1" }),
};

/** npm as the caller started it, else the one on the path. */
export const npm = process.env.npm_execpath?.endsWith("npm-cli.js")
  ? [process.execPath, process.env.npm_execpath]
  : [process.platform === "win32" ? "npm.cmd" : "npm"];

/** Runs a command with its output held back; resolves with the exit code and what it printed. */
export function run([command, ...args], { cwd = process.cwd(), env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...quiet, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

/** Runs one phase and prints one line about it; what the command printed is shown only when it failed. */
export async function phase(title, command, options) {
  const start = performance.now();
  const { code, output } = await run(command, options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.error(`${code === 0 ? "✓" : "✗"} ${title} (${seconds} s)`);
  if (code !== 0) console.error(output.trimEnd());
  return code === 0;
}
