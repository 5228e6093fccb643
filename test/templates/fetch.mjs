// @ts-check
// Fills a cache with the public workflows that templates.test.ts reads: `node test/templates/fetch.mjs`.
// Needs python3 with pip, which knows the registry or its mirror; nothing is installed. Does nothing the second time.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "comfyui-workflow-templates-json";
const VERSION = "0.1.123";
const WHEEL = `comfyui_workflow_templates_json-${VERSION}-py3-none-any.whl`;
const SHA256 = "fc321960cfc4f52dddc3ee111f33489b167eb7958028eb5b6a7f3fa8865a385e";

/** In node_modules, where neither git nor the linter looks; files.ts knows it too. */
const cache = fileURLToPath(new URL("../../node_modules/.cache/mezzotint-templates", import.meta.url));
const folder = join(cache, VERSION);

/** @param {...string} args */
const python = (...args) => execFileSync("python3", args, { stdio: ["ignore", "ignore", "inherit"] });

if (!existsSync(folder)) {
  await mkdir(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    python(
      "-m",
      "pip",
      "download",
      `${NAME}==${VERSION}`,
      "--no-deps",
      "--only-binary=:all:",
      "--quiet",
      "--dest",
      work,
    );
    const wheel = join(work, WHEEL);
    const found = createHash("sha256").update(readFileSync(wheel)).digest("hex");
    if (found !== SHA256) throw new Error(`${WHEEL} has the SHA-256 ${found}, where ${SHA256} was expected`);
    python("-m", "zipfile", "-e", wheel, join(work, "wheel"));
    renameSync(join(work, "wheel/comfyui_workflow_templates_json/templates"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
console.log(folder);
