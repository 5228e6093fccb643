import type { RequestHandler } from "express";
import { z } from "zod";
import { FolderType, placesFor, rootsOf } from "./file-reference.js";
import { entriesOf } from "./listing.js";
import { folderIn } from "./names.js";
import type { FileServices } from "./routes.js";

export const Type = z.object({ type: FolderType });

/** `GET /internal/files/{type}`: the names of the files at the top of a folder, the newest first. */
export const recentFiles =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const { type } = Type.parse(request.params);
    const folders = await Promise.all(rootsOf(placesFor(services, request), type).map((root) => folderIn(root, "")));
    const entries = await Promise.all(folders.map((folder) => (folder === undefined ? [] : entriesOf(folder, false))));
    const files = entries.flat().filter(({ name, stats }) => stats.isFile() && !name.startsWith("."));
    files.sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
    response.json([...new Set(files.map(({ name }) => name))]);
  };
