import type { RequestHandler } from "express";
import { z } from "zod";
import { entriesOf, fileInfo } from "./listing.js";
import { folderIn, relativePath } from "./names.js";
import { Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";
import { folderOf } from "./user-folder.js";

const flag = z
  .string()
  .default("")
  .transform((text) => text.toLowerCase() === "true");

export const ListQuery = z.object({ dir: z.string().min(1).max(2048), recurse: flag, full_info: flag, split: flag });
export const TreeQuery = z.object({ path: z.string().max(2048).default("") });

/** `""` for the root, in its usual spellings. */
const pathOf = async (text: string): Promise<string> => (/^\.?\/?$/.test(text) ? "" : relativePath(text));

const isHidden = (path: string): boolean => /(?:^|\/)\./.test(path);

/** `GET /userdata?dir=…`: names of files, or with `split` their parts too, or with `full_info` size and times. */
export const listUserdata =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const { dir, recurse, full_info, split } = ListQuery.parse(request.query);
    const folder = await folderIn(folderOf(services, request), await pathOf(dir));
    if (folder === undefined) throw new Refusal(404, `there is no folder ${JSON.stringify(dir)}`);
    const files = (await entriesOf(folder, recurse)).filter(({ path, stats }) => stats.isFile() && !isHidden(path));
    response.json(
      files.map(({ path, stats }) => (full_info ? fileInfo(path, stats) : split ? [path, ...path.split("/")] : path)),
    );
  };

/** `GET /v2/userdata?path=…`: all that lies below, folders first, by name; times in seconds, as ComfyUI has them here. */
export const listUserdataTree =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const path = await pathOf(TreeQuery.parse(request.query).path);
    const folder = await folderIn(folderOf(services, request), path);
    if (folder === undefined && path !== "") throw new Refusal(404, `there is no folder ${JSON.stringify(path)}`);
    const entries = folder === undefined ? [] : await entriesOf(folder, true);
    const prefix = path === "" ? "" : `${path}/`;
    const folders = entries.filter(({ stats }) => stats.isDirectory());
    const files = entries.filter(({ stats }) => stats.isFile());
    const byName = (a: { name: string }, b: { name: string }) => {
      const [x, y] = [a.name.toLowerCase(), b.name.toLowerCase()];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    response.json([
      ...folders.sort(byName).map(({ name, path: below }) => ({ name, path: prefix + below, type: "directory" })),
      ...files.sort(byName).map(({ name, path: below, stats }) => ({
        name,
        path: prefix + below,
        type: "file",
        size: stats.size,
        modified: stats.mtimeMs / 1000,
      })),
    ]);
  };
