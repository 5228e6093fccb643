import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder } from "../command.js";
import { drawWith, pixels, psnrOf, runFile, workflows } from "./pictures.js";

const input = join(workflows, "input");
const source = join(input, "face.png");

/** Tells which pixels of the source are transparent: those are made anew. */
async function masked(): Promise<(pixel: number) => boolean> {
  const alpha = await sharp(source).extractChannel("alpha").raw().toBuffer();
  return (pixel) => alpha[pixel] === 0;
}

test("inpaint makes what is transparent anew, and leaves every pixel outside as it was", async () => {
  const changes = await masked();
  const [before, after] = [await pixels(source), await pixels(await drawWith("inpaint"))];
  const outside = before.map((value, i) => (changes(Math.floor(i / 3)) ? 0 : value));
  expect(after.map((value, i) => (changes(Math.floor(i / 3)) ? 0 : value))).toStrictEqual(outside);
  expect(psnrOf(before, after, changes)).toBeLessThan(15);
});

test("without the composite, the rest is what the autoencoder makes of it", async () => {
  const prompt = JSON.parse(readFileSync(join(workflows, "inpaint.json"), "utf8"));
  prompt["10"].inputs.images = ["8", 0]; // what the sampler made, decoded
  prompt["20"] = { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } };
  prompt["21"] = { class_type: "SaveImage", inputs: { images: ["20", 0], filename_prefix: "untouched" } };
  const file = join(temporaryFolder(), "decoded.json");
  writeFileSync(file, JSON.stringify(prompt));

  const written = await runFile(file, "--input", input);
  const made = await pixels(written.get("inpaint_00001_.png") ?? "");
  const untouched = await pixels(written.get("untouched_00001_.png") ?? "");
  const changes = await masked();
  // The decoder looks at what is around a pixel, so only what is well away from the mask can be compared.
  const away = 24 * 128;
  const near = (pixel: number) => [-away, 0, away].some((d) => changes(pixel + d));
  expect(psnrOf(made, untouched, (pixel) => !near(pixel))).toBeGreaterThan(30);
  expect(psnrOf(made, untouched, changes)).toBeLessThan(15);
});
