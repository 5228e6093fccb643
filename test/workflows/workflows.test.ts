import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const workflows = join(root, "workflows");

/** What each workflow in workflows/ writes, in the output folder: pictures with their size. */
const expected: Readonly<Record<string, Readonly<Record<string, readonly [width: number, height: number]>>>> = {
  "batch-of-seeds": {
    "batch-of-seeds/batch_00001_.png": [128, 128],
    "batch-of-seeds/batch_00002_.png": [128, 128],
    "batch-of-seeds/single_00001_.png": [128, 128],
  },
  "image-to-image": { "image-to-image_00001_.png": [128, 128] },
  "latent-upscale": { "latent-upscale_00001_.png": [192, 192] },
  loop: { "loop_00001_.png": [128, 128], "loop_00002_.png": [128, 128], "loop_00003_.png": [128, 128] },
  "saved/one-seed-two-prompts": {
    "one-seed-two-prompts/grinning face_00001_.png": [128, 128],
    "one-seed-two-prompts/panda_00001_.png": [128, 128],
  },
  "saved/one-subgraph-twice": {
    "one-subgraph-twice/apple_00001_.png": [128, 128],
    "one-subgraph-twice/butterfly_00001_.png": [128, 128],
  },
  "text-to-image": { "text-to-image_00001_.png": [128, 128] },
};

/** Runs a workflow of ours with the embedded model; what it wrote, by name in the output folder. */
async function run(name: string, ...options: string[]): Promise<ReadonlyMap<string, string>> {
  const output = temporaryFolder();
  const args = ["run", join(workflows, `${name}.json`), "--output", output, "--data", sharedData, ...options];
  const { code, stdout, stderr } = await mezzotint(args, { cwd: output });
  expect(code, stderr).toBe(0);
  const files = filesIn(output);
  expect(stdout.trim().split("\n").sort()).toStrictEqual(files);
  return new Map(files.map((file) => [relative(output, file), file]));
}

/** Runs the text-to-image workflow; the path of its picture. */
const draw = async (...options: string[]): Promise<string> =>
  (await run("text-to-image", ...options)).get("text-to-image_00001_.png") ?? "";

/** Pixels of a picture as bytes, three channels. */
const pixels = (file: string) => sharp(file).removeAlpha().raw().toBuffer();

/** Peak signal-to-noise ratio of two pictures of one size, in decibels. */
async function psnr(a: string, b: string): Promise<number> {
  const [x, y] = await Promise.all([pixels(a), pixels(b)]);
  expect(x.length).toBe(y.length);
  const error = x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0) / x.length;
  return 10 * Math.log10(255 ** 2 / error);
}

test("every workflow that users can open is expected here", () => {
  const names = filesIn(workflows)
    .filter((file) => file.endsWith(".json"))
    .map((file) => relative(workflows, file).replaceAll("\\", "/"));
  expect(names.sort()).toStrictEqual(Object.keys(expected).map((name) => `${name}.json`));
});

test.each(Object.entries(expected))(
  "%s writes its pictures, at their sizes, none of them flat",
  async (name, sizes) => {
    const written = await run(name);
    expect([...written.keys()]).toStrictEqual(Object.keys(sizes));
    for (const [file, size] of Object.entries(sizes)) {
      const picture = sharp(written.get(file));
      const { width, height } = await picture.metadata();
      expect([width, height]).toStrictEqual(size);
      const { channels } = await picture.stats();
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(10);
    }
  },
);

describe("text-to-image", () => {
  test("the same seed gives the same bytes; another seed, another picture", async () => {
    const [first, second, other] = [await draw("--seed", "7"), await draw("--seed", "7"), await draw("--seed", "8")];
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
    expect(await psnr(first, other)).toBeLessThan(30);
  });

  test.each([
    ["red apple", "42", "red-apple"],
    ["grinning face", "43", "grinning-face"],
  ])("%s, seed %s: the picture that diffusers makes of it", async (prompt, seed, golden) => {
    const changes = ["--set", `Positive prompt.text=${prompt}`, "--set", "Sampler.steps=10"];
    const file = await draw("--seed", seed, ...changes);
    // What is left is the start: diffusers scales its noise by sqrt(sigma² + 1), ComfyUI and we by sigma.
    expect(await psnr(file, join(import.meta.dirname, "goldens", `${golden}.png`))).toBeGreaterThan(40);
  });

  test("the picture carries the workflow that made it", async () => {
    const { comments } = await sharp(await draw("--set", "Positive prompt.text=red heart")).metadata();
    const prompt = JSON.parse(comments?.find(({ keyword }) => keyword === "prompt")?.text ?? "{}");
    expect(prompt["2"].inputs.text).toBe("red heart");
  });
});
