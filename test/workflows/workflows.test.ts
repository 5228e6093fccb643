import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn } from "../command.js";
import { drawWith, psnr, run, workflows } from "./pictures.js";

/** What each workflow in workflows/ writes, in the output folder: pictures with their size. */
const expected: Readonly<Record<string, Readonly<Record<string, readonly [width: number, height: number]>>>> = {
  "batch-of-seeds": {
    "batch-of-seeds/batch_00001_.png": [128, 128],
    "batch-of-seeds/batch_00002_.png": [128, 128],
    "batch-of-seeds/single_00001_.png": [128, 128],
  },
  "image-to-image": { "image-to-image_00001_.png": [128, 128] },
  inpaint: { "inpaint_00001_.png": [128, 128] },
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

/** Runs the text-to-image workflow; the path of its picture. */
const draw = (...options: string[]) => drawWith("text-to-image", ...options);

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
