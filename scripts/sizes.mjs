// Lines per source file: the median of each package, and every file over 300 lines. A report, not a verdict.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ready.mjs";

const LONG = 300;

const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mjs"];
const files = execFileSync("git", list, { cwd: root, encoding: "utf8" }).trim().split("\n").filter(Boolean);
const sizes = files
  .filter((file) => !/\.test(-d)?\.ts$/.test(file))
  .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length - 1 }));

const packageOf = (file) =>
  file
    .split("/")
    .slice(0, file.startsWith("nodes/") ? 2 : 1)
    .join("/");
const packages = new Map();
for (const size of sizes) packages.set(packageOf(size.file), [...(packages.get(packageOf(size.file)) ?? []), size]);

for (const [name, members] of packages) {
  const lines = members.map((member) => member.lines).sort((a, b) => a - b);
  const total = lines.reduce((sum, n) => sum + n, 0);
  console.log(
    `${name}: ${members.length} files, ${total} lines, median ${lines[lines.length >> 1]}, longest ${lines.at(-1)}`,
  );
}
for (const { file, lines } of sizes.sort((a, b) => b.lines - a.lines)) {
  if (lines > LONG) console.log(`over ${LONG} lines: ${file} (${lines})`);
}
