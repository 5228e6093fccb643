// Everything about the code that is not a test: format, lint, types, layers, dead code, packages. No test runs here.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { phase, run } from "./phase.mjs";
import { ready, root } from "./ready.mjs";

await ready();
process.chdir(root);
const bin = (path, ...args) => [process.execPath, join(root, "node_modules", path), ...args];

const workspaces = JSON.parse(readFileSync("package.json", "utf8")).workspaces;
const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const published = workspaces.filter((folder) => existsSync(folder) && !manifest(folder).private);
/** attw judges types: it has nothing to say of a package that offers none, such as a command or a model. */
const typed = published.filter((folder) => manifest(folder).exports?.["."]);

const phases = [
  [
    "format and lint",
    bin(
      "@biomejs/biome/bin/biome",
      "ci",
      "--error-on-warnings",
      `--colors=${process.stderr.isTTY ? "force" : "off"}`,
      ".",
    ),
  ],
  ["types", bin("typescript/bin/tsc", "-p", "tsconfig.json")],
  ["layers", bin("turbo/bin/turbo", "boundaries")],
  ["dead code", bin("knip/bin/knip.js", "--no-progress")],
  ...published.map((folder) => [`publint ${folder}`, bin("publint/src/cli.js", "--strict", folder)]),
  ...typed.map((folder) => [
    `attw ${folder}`,
    bin("@arethetypeswrong/cli/dist/index.js", "--profile", "esm-only", "--pack", folder),
  ]),
];

const failed = [];
for (const [title, command] of phases) if (!(await phase(title, command))) failed.push(title);

console.error((await run([process.execPath, join(root, "scripts/sizes.mjs")])).output.trimEnd());
if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
process.exit(failed.length > 0 ? 1 : 0);
