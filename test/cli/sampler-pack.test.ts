import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const workflow = join(root, "workflows/text-to-image.json");
const data = ["--data", sharedData];

/** A stranger's pack: Euler's method and even levels under names of its own. */
const pack = (name = "half_euler") => `
import { definePack } from "@mezzotint/engine";
import { addSampler, addScheduler, blend, stepping, withZero } from "@mezzotint/nodes-diffusion";

const pack = { name: "strangers-pack", version: "1.0.0", nodes: [] };

addSampler("${name}", {
  run: stepping(() => ({ x, sigma, next, denoised }) => blend(next / sigma, x, 1 - next / sigma, denoised)),
}, pack);
addScheduler("even", ({ largest }, steps) => withZero(Array.from({ length: steps }, (_, i) => largest * (1 - i / steps))), pack);

export default definePack(pack);
`;

function folderWith(source: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "pack.js"), source);
  return folder;
}

const run = (cwd: string, ...options: string[]) =>
  mezzotint(["run", workflow, "--output", cwd, ...data, "--set", "Sampler.steps=3", ...options], { cwd });

test("a pack's sampler and scheduler are in KSampler's lists, and make its pictures", async () => {
  const folder = folderWith(pack());
  const listed = await mezzotint(["nodes", "KSampler", "--json", "--pack", "./pack.js", ...data], { cwd: folder });
  for (const name of ["uni_pc_bh2", "half_euler", "kl_optimal", "even"]) expect(listed.stdout).toContain(`"${name}"`);

  const mine = ["--pack", "./pack.js", "--set", "Sampler.scheduler=even"];
  const theirs = await run(folder, ...mine, "--set", "Sampler.sampler_name=half_euler");
  expect(theirs.code).toBe(0);
  const ours = await run(folder, ...mine, "--set", "Sampler.sampler_name=euler");
  expect(ours.code).toBe(0);
  const [first, second] = [theirs, ours].map(({ stdout }) => readFileSync(stdout.trim()));
  expect(pixels(first!).equals(pixels(second!))).toBe(true);
});

test("without the pack its sampler is refused, and nothing is run", async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await run(folder, "--set", "Sampler.sampler_name=half_euler");
  expect(code).toBe(2);
  expect(stderr).toContain("half_euler");
  expect(filesIn(folder)).toStrictEqual([]);
});

test("a pack whose sampler has a name that is taken is refused, and both are named", async () => {
  const { code, stderr } = await run(folderWith(pack("euler")), "--pack", "./pack.js");
  expect(code).not.toBe(0);
  expect(stderr).toContain("@mezzotint/nodes-diffusion and strangers-pack both bring a sampler named euler");
});

/** The compressed pixels of a PNG: the text beside them names the sampler. */
function pixels(png: Buffer): Buffer {
  const start = png.indexOf("IDAT");
  return png.subarray(start, png.indexOf("IEND"));
}
