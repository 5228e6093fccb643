import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mezzotint, root } from "../command.js";
import { goldenFile, makeTinyModel, workflowFile } from "./tiny-model.js";

const here = join(root, "test/reference");
const names = readdirSync(join(here, "workflows")).map((file) => file.replace(/\.json$/, ""));

let scratch = "";
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mezzotint-reference-"));
  makeTinyModel(join(scratch, "data/models/checkpoints/tiny"));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const pixels = async (path: string) => sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });

/** Peak signal-to-noise ratio of two pictures of one size, in dB. */
async function psnr(a: string, b: string): Promise<number> {
  const [left, right] = await Promise.all([pixels(a), pixels(b)]);
  expect([left.info.width, left.info.height]).toEqual([right.info.width, right.info.height]);
  let sum = 0;
  for (let i = 0; i < left.data.length; i++) sum += ((left.data[i] ?? 0) - (right.data[i] ?? 0)) ** 2;
  return sum === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(255 ** 2 / (sum / left.data.length));
}

describe("the picture is the one that ComfyUI makes of the same prompt, seed and weights", () => {
  test.each(names)("%s", async (name) => {
    const output = join(scratch, name);
    const { code, stdout, stderr } = await mezzotint([
      ...["run", workflowFile(name), "--compat", "0.3.64"],
      ...["--data", join(scratch, "data"), "--input", join(here, "input"), "--output", output],
    ]);
    expect(stderr.match(/error:.*/)?.[0]).toBeUndefined();
    expect(code).toBe(0);
    const decibels = await psnr(stdout.trim(), goldenFile(name));
    console.log(`${name}: PSNR ${decibels.toFixed(1)} dB`);
    expect(decibels).toBeGreaterThanOrEqual(40);
  });
});

const { COMFY_ROOT, COMFY_PYTHON = "python3" } = process.env;
const canRun =
  COMFY_ROOT !== undefined &&
  existsSync(COMFY_ROOT) &&
  spawnSync(COMFY_PYTHON, ["-c", "import torch, diffusers, aiohttp, av"]).status === 0;

describe.skipIf(!canRun)("ComfyUI itself (named by COMFY_ROOT, run by COMFY_PYTHON)", () => {
  test("makes the pictures that are stored here", async () => {
    const output = join(scratch, "comfyui");
    mkdirSync(output);
    execFileSync(
      COMFY_PYTHON,
      [join(here, "comfyui.py"), "--input", join(here, "input"), "--output", output, ...names.map(workflowFile)],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    for (const name of names)
      expect(await psnr(join(output, `${name}_00001_.png`), goldenFile(name)), name).toBeGreaterThan(60);
  });
});
