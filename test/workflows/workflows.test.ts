import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const workflows = join(root, "workflows");

/** Runs a workflow of ours with the embedded model, and returns the files it wrote. */
async function run(name: string, ...options: string[]): Promise<readonly string[]> {
  const output = temporaryFolder();
  const args = ["run", join(workflows, `${name}.json`), "--output", output, "--data", sharedData, ...options];
  const { code, stdout, stderr } = await mezzotint(args, { cwd: output });
  expect(code, stderr).toBe(0);
  const files = filesIn(output);
  expect(stdout.trim().split("\n").sort()).toStrictEqual(files);
  return files;
}

/** Pixels of a picture as bytes, three channels. */
const pixels = (file: string) => sharp(file).removeAlpha().raw().toBuffer();

/** Peak signal-to-noise ratio of two pictures of one size, in decibels. */
async function psnr(a: string, b: string): Promise<number> {
  const [x, y] = await Promise.all([pixels(a), pixels(b)]);
  expect(x.length).toBe(y.length);
  const error = x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0) / x.length;
  return 10 * Math.log10(255 ** 2 / error);
}

/** What each workflow in workflows/ writes: pictures by the start of their name, with their size. */
const expected: Readonly<Record<string, readonly (readonly [name: RegExp, width: number, height: number])[]>> = {
  "batch-of-seeds": [
    [/^batch-of-seeds\/batch_00001_\.png$/, 128, 128],
    [/^batch-of-seeds\/batch_00002_\.png$/, 128, 128],
    [/^batch-of-seeds\/single_00001_\.png$/, 128, 128],
  ],
  "image-to-image": [[/^image-to-image_00001_\.png$/, 128, 128]],
  "latent-upscale": [[/^latent-upscale_00001_\.png$/, 192, 192]],
  loop: [
    [/^loop_00001_\.png$/, 128, 128],
    [/^loop_00002_\.png$/, 128, 128],
    [/^loop_00003_\.png$/, 128, 128],
  ],
  "text-to-image": [[/^text-to-image_00001_\.png$/, 128, 128]],
};

test("every workflow that users can open is expected here", () => {
  const names = readdirSync(workflows).filter((name) => name.endsWith(".json"));
  expect(names.map((name) => name.replace(".json", "")).sort()).toStrictEqual(Object.keys(expected).sort());
});

describe.each(Object.keys(expected))("%s", (name) => {
  test("writes its pictures, at their sizes, none of them flat", async () => {
    const output = await run(name);
    const shorter = output.map((file) => relative(join(file, "..", ".."), file));
    expect(output.length).toBe(expected[name]?.length);
    for (const [i, [pattern, width, height]] of (expected[name] ?? []).entries()) {
      expect(
        output.some((file) =>
          pattern.test(
            file
              .split("/")
              .slice(pattern.source.includes("\\/") ? -2 : -1)
              .join("/"),
          ),
        ),
        `${pattern} in ${shorter}`,
      ).toBe(true);
      const { channels } = await sharp(output[i]).stats();
      const size = await sharp(output[i]).metadata();
      expect([size.width, size.height]).toStrictEqual([width, height]);
      expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(10);
    }
  });
});

describe("text-to-image", () => {
  test("the same seed gives the same bytes; another seed, another picture", async () => {
    const [[first], [second], [other]] = await Promise.all([
      run("text-to-image", "--seed", "7"),
      run("text-to-image", "--seed", "7"),
      run("text-to-image", "--seed", "8"),
    ]);
    expect(readFileSync(first!)).toStrictEqual(readFileSync(second!));
    expect(await psnr(first!, other!)).toBeLessThan(30);
  });

  test.each([
    ["red apple", 42, "red-apple"],
    ["grinning face", 43, "grinning-face"],
  ])("%s, seed %i: the picture that diffusers makes of it", async (prompt, seed, golden) => {
    const [file] = await run(
      "text-to-image",
      ...["--seed", String(seed), "--set", `Positive prompt.text=${prompt}`, "--set", "Sampler.steps=10"],
    );
    // What is left is the start: diffusers scales its noise by sqrt(sigma² + 1), ComfyUI and we by sigma.
    expect(await psnr(file!, join(import.meta.dirname, "goldens", `${golden}.png`))).toBeGreaterThan(40);
  });

  test("the picture carries the workflow that made it", async () => {
    const [file] = await run("text-to-image", "--set", "Positive prompt.text=red heart");
    const { comments } = await sharp(file).metadata();
    const prompt = JSON.parse(comments?.find(({ keyword }) => keyword === "prompt")?.text ?? "{}");
    expect(prompt["2"].inputs.text).toBe("red heart");
  });
});
