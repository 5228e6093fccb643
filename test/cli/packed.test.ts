import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { expect, test } from "vitest";
import { filesIn, mezzotint, root, temporaryFolder } from "../command.js";

const execute = promisify(execFile);

/** The environment of a user who never heard of this repository: none of what `npm test` sets. */
const fresh = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^ONNXRUNTIME/i.test(name)));

/** npm as a user starts it, somewhere else: this repository's .npmrc does not count. */
const npm = (args: readonly string[], cwd: string) =>
  execute("npm", [...args], { cwd, env: fresh, maxBuffer: 2 ** 26 });

test("the packed packages install globally, scripts enabled and CUDA out of reach, and make a picture", async () => {
  const folder = temporaryFolder();
  const manifests = ["engine", "nodes/core", "nodes/diffusion", "models/emoji", "server"].map((name) =>
    join(root, name),
  );
  await npm(["pack", ...manifests, "--pack-destination", folder], folder);
  const tarballs = filesIn(folder).map((file) => file.replace(folder, "."));
  expect(tarballs).toHaveLength(manifests.length);

  const prefix = join(folder, "prefix");
  await npm(["install", "--global", "--prefix", prefix, "--no-ignore-scripts", ...tarballs], folder);
  const command = [join(prefix, "bin", "mezzotint")];

  const version = await mezzotint(["--version"], { command, env: fresh, cwd: folder });
  const { version: packed } = JSON.parse(readFileSync(join(root, "server/package.json"), "utf8")) as {
    version: string;
  };
  expect(version).toStrictEqual({ code: 0, stdout: `${packed}\n`, stderr: "" });

  const workflow = join(root, "workflows/text-to-image.json");
  const env = { ...fresh, HOME: join(folder, "home") };
  const { code, stdout, stderr } = await mezzotint(["run", workflow], { command, env, cwd: folder });
  expect(code, stderr).toBe(0);
  const { width, height } = await sharp(stdout.trim()).metadata();
  expect([width, height]).toStrictEqual([128, 128]);
});
