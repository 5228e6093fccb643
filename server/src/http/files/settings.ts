import { rename } from "node:fs/promises";
import { join } from "node:path";
import { parseJson, stringifyJson } from "@mezzotint/engine";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { replaceFile } from "../../files/replace.js";
import { jsonBody } from "./body.js";
import { readWhole } from "./read-file.js";
import { isCode, Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";
import { folderOf, SETTINGS_FILE } from "./user-folder.js";

const MAX_BODY = 2 ** 20;
const MAX_SETTINGS = 4 * 2 ** 20;

/** Settings by name. A map: `__proto__` and `constructor` are names like any other. */
type Settings = Map<string, unknown>;

export const SettingName = z.object({ id: z.string().min(1).max(256) });
const Several = z.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "must be an object of settings by name",
);

/** A user's settings; none if there is no file yet, undefined if it cannot be understood. */
async function read(path: string): Promise<Settings | undefined> {
  try {
    return new Map(Object.entries(Several.parse(parseJson((await readWhole(path, 2 * MAX_SETTINGS)).toString()))));
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return new Map();
    if (isCode(error, "EACCES", "EPERM", "EIO")) throw error;
    return undefined;
  }
}

/** Changes of one file wait for each other: each starts from what the one before has written. */
const turns = new Map<string, Promise<void>>();

async function change(path: string, entries: Iterable<readonly [name: string, value: unknown]>): Promise<void> {
  const apply = async () => {
    const before = await read(path);
    // Somebody's settings, if only a comma too many: they stay beside the new ones.
    if (before === undefined) await rename(path, `${path}.broken`);
    const after = new Map([...(before ?? []), ...entries]);
    const text = stringifyJson(Object.fromEntries(after), { indent: 4 });
    if (Buffer.byteLength(text) > MAX_SETTINGS)
      throw new Refusal(413, `the settings would have more than ${MAX_SETTINGS} bytes`);
    await replaceFile(path, text);
  };
  const turn = (turns.get(path) ?? Promise.resolve()).then(apply, apply);
  turns.set(path, turn);
  try {
    await turn;
  } finally {
    if (turns.get(path) === turn) turns.delete(path);
  }
}

const sendJson = (response: Response, value: unknown): void => {
  response.type("json").send(stringifyJson(value));
};

/** The settings of whoever asks: all of them, one by name (`null` if it is not set), and changes of either. */
export function settings(services: FileServices): Record<"all" | "one" | "change" | "changeOne", RequestHandler> {
  const pathFor = (request: Parameters<RequestHandler>[0]) => join(folderOf(services, request), SETTINGS_FILE);
  return {
    all: async (request, response) => {
      sendJson(response, Object.fromEntries((await read(pathFor(request))) ?? []));
    },
    one: async (request, response) => {
      const { id } = SettingName.parse(request.params);
      sendJson(response, (await read(pathFor(request)))?.get(id) ?? null);
    },
    change: async (request, response) => {
      const path = pathFor(request);
      await change(path, Object.entries(Several.parse(await jsonBody(request, MAX_BODY))));
      response.status(200).end();
    },
    changeOne: async (request, response) => {
      const path = pathFor(request);
      const { id } = SettingName.parse(request.params);
      await change(path, [[id, await jsonBody(request, MAX_BODY)]]);
      response.status(200).end();
    },
  };
}
