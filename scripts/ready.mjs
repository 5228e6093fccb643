// Makes a clone ready to run: a Node that is new enough, the dependencies of the lock file, and a build.
// Does nothing slow when nothing changed. Also a module: `await ready()`.
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm, phase } from "./phase.mjs";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modified = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function refuseOldNode() {
  const needed = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(">=", "");
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = needed.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  console.error(`This needs Node ${needed} or newer; this is ${process.versions.node}. See https://nodejs.org.`);
  process.exit(1);
}

/** Installs and builds what is missing or out of date; ends the process, having said why, when it can't. */
export async function ready() {
  refuseOldNode();
  // npm writes this file last, so an install that was cut short counts as none.
  if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
    const installed = await phase("installed the dependencies", [...npm, "ci", "--no-audit", "--no-fund"], {
      cwd: root,
    });
    if (!installed) process.exit(1);
  }
  const turbo = [process.execPath, join(root, "node_modules/turbo/bin/turbo")];
  const build = [...turbo, "run", "build", "--output-logs=errors-only"];
  if (!(await phase("built the packages", build, { cwd: root }))) process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ready();
