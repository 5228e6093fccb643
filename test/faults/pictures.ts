import { relative } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import { filesIn } from "../command.js";

/** Reads every file of a folder to its last pixel: under a final name there is only what is whole. Their paths in it. */
export async function wholePictures(folder: string): Promise<string[]> {
  const names = filesIn(folder).filter((path) => !path.endsWith(".part"));
  for (const path of names) await expect(sharp(path).raw().toBuffer(), path).resolves.toBeInstanceOf(Buffer);
  return names.map((path) => relative(folder, path));
}

/** Files that somebody began to write and did not finish. */
export const unfinished = (folder: string): string[] => filesIn(folder).filter((path) => path.endsWith(".part"));
