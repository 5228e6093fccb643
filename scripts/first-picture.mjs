// The README's first command: from a clone to a picture. The last line is the path of the PNG.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ready, root } from "./ready.mjs";

await ready();
const command = [join(root, "server/bin/mezzotint.js"), "run", join(root, "workflows/text-to-image.json")];
const { status } = spawnSync(process.execPath, [...command, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
