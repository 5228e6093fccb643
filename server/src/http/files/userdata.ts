import { rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { core } from "../../builtin.js";
import { bodyOf } from "./body.js";
import { fileInfo } from "./listing.js";
import { fileIn, type Place, placeIn, relativePath } from "./names.js";
import { Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";
import { type Presentation, sendFound } from "./serve.js";
import { claim, discard, replace, stage } from "./stage.js";
import { folderOf, SETTINGS_FILE } from "./user-folder.js";

/** A workflow with pictures in it takes a few megabytes. */
const MAX_FILE = 32 * 2 ** 20;

export const File = z.object({ file: z.string().min(1).max(2048) });
export const Move = File.extend({ dest: z.string().min(1).max(2048) });
export const WriteQuery = z.object({
  overwrite: z
    .string()
    .default("true")
    .transform((text) => text !== "false"),
  full_info: z
    .string()
    .default("")
    .transform((text) => text.toLowerCase() === "true"),
});

const taken = (path: string) => new Refusal(409, `${JSON.stringify(path)} is there already`);

/** A path to change. Settings have their own route, which keeps them whole. */
async function changeable(name: string): Promise<string> {
  const path = await relativePath(name);
  if (path.toLowerCase() === SETTINGS_FILE) throw new Refusal(403, "settings are changed by POST /settings");
  return path;
}

/** The style sheet that users write for the editor is applied, JSON is read, and nothing is shown. */
function presentation(path: string): Presentation {
  const name = basename(path);
  if (path === "user.css") return { type: "text/css; charset=utf-8", disposition: "inline", name };
  const type = /\.json$/i.test(path) ? "application/json; charset=utf-8" : "application/octet-stream";
  return { type, disposition: "attachment", name };
}

async function sendWritten(response: Response, path: string, { folder, name }: Place, full: boolean): Promise<void> {
  response.json(full ? fileInfo(path, await stat(join(folder, name))) : path);
}

/** The files of whoever asks: `GET`, `POST` and `DELETE /userdata/{file}`, `POST /userdata/{file}/move/{dest}`. */
export function userdata(services: FileServices): Record<"read" | "write" | "remove" | "move", RequestHandler> {
  return {
    read: async (request, response) => {
      const path = await relativePath(File.parse(request.params).file);
      await sendFound(response, await fileIn([folderOf(services, request)], path), presentation(path));
    },

    write: async (request, response) => {
      const path = await changeable(File.parse(request.params).file);
      const { overwrite, full_info } = WriteQuery.parse(request.query);
      const root = folderOf(services, request);
      await (await core()).makeFolder(root);
      const staged = await stage(root, bodyOf(request, MAX_FILE), MAX_FILE);
      try {
        const place = await placeIn(root, path);
        if (overwrite) await replace(staged, place);
        else if (!(await claim(staged, place))) throw taken(path);
        await sendWritten(response, path, place, full_info);
      } finally {
        await discard(staged);
      }
    },

    remove: async (request, response) => {
      const path = await changeable(File.parse(request.params).file);
      const { path: file } = await fileIn([folderOf(services, request)], path);
      await rm(file);
      response.status(204).end();
    },

    move: async (request, response) => {
      const { file, dest } = Move.parse(request.params);
      const [from, to] = [await changeable(file), await changeable(dest)];
      const { overwrite, full_info } = WriteQuery.parse(request.query);
      const root = folderOf(services, request);
      const { path: source } = await fileIn([root], from);
      const place = await placeIn(root, to);
      const target = join(place.folder, place.name);
      if (overwrite) await rename(source, target);
      else if (!(await (await core()).claimName(source, target))) throw taken(to);
      await sendWritten(response, to, place, full_info);
    },
  };
}
