import type { Request } from "express";
import { z } from "zod";
import { placesOfUser } from "../../places.js";
import { pathIn } from "./names.js";
import type { FileServices } from "./routes.js";

/** ComfyUI's three folders of files that nodes read and write. */
export const FolderType = z.enum(["input", "output", "temp"]);

/** One of them. */
export type FolderType = z.infer<typeof FolderType>;

/** How ComfyUI names a file: `{filename, subfolder, type}`. The name may end in ` [input]`, which wins over `type`. */
export const FileReference = z.object({
  filename: z.string().min(1).max(2048),
  subfolder: z.string().max(2048).default(""),
  type: FolderType.default("output"),
});

/** The places of whoever asks. */
export const placesFor = ({ places, userOf }: Pick<FileServices, "places" | "userOf">, request: Request) =>
  placesOfUser(places, userOf(request));

/** The folders of a type; the first that has a name wins, and new files go to the first. */
export function rootsOf({ inputs, output, temp }: FileServices["places"], type: FolderType): readonly string[] {
  if (type === "input") return inputs;
  return [type === "output" ? output : temp];
}

/** Where a reference may lead: a checked path, and the roots to look in. */
export async function locate(
  places: FileServices["places"],
  { filename, subfolder, type }: z.infer<typeof FileReference>,
): Promise<{ readonly roots: readonly string[]; readonly path: string }> {
  const [, plain = filename, place = type] = /^(.*?)\s?\[(input|output|temp)\]$/s.exec(filename) ?? [];
  return { roots: rootsOf(places, place as FolderType), path: await pathIn(subfolder, plain) };
}
