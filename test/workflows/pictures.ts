import { join, relative } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

/** The workflows that users can open. */
export const workflows = join(root, "workflows");

/** Runs a workflow file with the embedded model; what it wrote, by name in the output folder. */
export async function runFile(file: string, ...options: string[]): Promise<ReadonlyMap<string, string>> {
  const output = temporaryFolder();
  const args = ["run", file, "--output", output, "--data", sharedData, ...options];
  const { code, stdout, stderr } = await mezzotint(args, { cwd: output });
  expect(code, stderr).toBe(0);
  const files = filesIn(output);
  expect(stdout.trim().split("\n").sort()).toStrictEqual(files);
  return new Map(files.map((name) => [relative(output, name), name]));
}

/** Runs a workflow of ours. */
export const run = (name: string, ...options: string[]) => runFile(join(workflows, `${name}.json`), ...options);

/** Runs a workflow of ours that writes one picture; the path of it. */
export const drawWith = async (name: string, ...options: string[]): Promise<string> =>
  (await run(name, ...options)).get(`${name}_00001_.png`) ?? "";

/** Pixels of a picture as bytes, three channels; what lies behind transparent ones too. */
export const pixels = (file: string) => sharp(file).removeAlpha().raw().toBuffer();

/** Peak signal-to-noise ratio of two pictures of one size, in decibels; of some of their pixels, if `where` says which. */
export function psnrOf(x: Uint8Array, y: Uint8Array, where: (pixel: number) => boolean = () => true): number {
  expect(x.length).toBe(y.length);
  let [sum, count] = [0, 0];
  for (const [i, value] of x.entries()) {
    if (!where(Math.floor(i / 3))) continue;
    sum += (value - y[i]!) ** 2;
    count++;
  }
  return 10 * Math.log10((255 ** 2 * count) / sum);
}

/** The same of two files. */
export async function psnr(a: string, b: string): Promise<number> {
  return psnrOf(await pixels(a), await pixels(b));
}
