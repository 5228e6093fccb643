import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { drawWith, pixels, workflows } from "./pictures.js";

/** Bytes of a 128×128 picture, three a pixel. */
type Pixels = Uint8Array;

/** Where the subject is: all that is not nearly white. */
function subject(picture: Pixels): boolean[] {
  return Array.from({ length: picture.length / 3 }, (_, i) => Math.min(...picture.subarray(3 * i, 3 * i + 3)) < 204);
}

/** How much two pictures' subjects cover each other: what they share, of all that either covers. */
function overlap(a: Pixels, b: Pixels): number {
  const [x, y] = [subject(a), subject(b)];
  const count = (which: (i: number) => boolean | undefined) => x.filter((_, i) => which(i)).length;
  return count((i) => x[i] && y[i]) / count((i) => x[i] || y[i]);
}

/** The hue of most of a picture's subject, in degrees: the fullest 20 of 360 in steps of 10, by saturation. */
function hueOf(picture: Pixels): number {
  const bins = new Array<number>(36).fill(0);
  for (const [i, isSubject] of subject(picture).entries()) {
    if (!isSubject) continue;
    const [r = 0, g = 0, b = 0] = picture.subarray(3 * i, 3 * i + 3);
    const hue = (Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * 180) / Math.PI;
    bins[Math.floor((hue + 360) / 10) % 36]! += Math.max(r, g, b) - Math.min(r, g, b);
  }
  const pairs = bins.map((value, i) => value + bins[(i + 1) % 36]!);
  return (pairs.indexOf(Math.max(...pairs)) * 10 + 10) % 360;
}

const named = (prompt: string) => ["--set", `Positive prompt.text=${prompt}`];

/** Colour words as the model's pictures have them, in degrees of hue. */
const hues = { orange: [15, 40], green: [65, 170], blue: [190, 230], purple: [250, 290] } as const;

test.each([
  ["blue apple", "blue"],
  ["green heart", "green"],
  ["purple car", "purple"],
] as const)("%s has that colour", async (prompt, colour) => {
  const hue = hueOf(await pixels(await drawWith("text-to-image", "--seed", "0", ...named(prompt))));
  expect(hue).toBeGreaterThanOrEqual(hues[colour][0]);
  expect(hue).toBeLessThanOrEqual(hues[colour][1]);
});

test.each([
  ["blue apple", "blue"],
  ["green apple", "green"],
  ["tangerine", "orange"],
] as const)(
  "a sketch of a red apple, made half anew as %s, keeps its shape and takes that colour",
  async (prompt, colour) => {
    const changes = [...named(prompt), "--set", "Sampler.denoise=0.5"];
    const made = await pixels(await drawWith("image-to-image", ...changes));
    const sketch = sharp(join(workflows, "input/sketch.png")).removeAlpha();
    const source = await sketch.resize(128, 128, { fit: "cover" }).raw().toBuffer();
    expect(overlap(made, source)).toBeGreaterThan(0.85);
    const hue = hueOf(made);
    expect(hue).toBeGreaterThanOrEqual(hues[colour][0]);
    expect(hue).toBeLessThanOrEqual(hues[colour][1]);
  },
);
