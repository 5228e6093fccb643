import { join } from "node:path";
import type { Request } from "express";
import { Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";

/** The folder of whoever asks: workflows and settings. Throws a `Refusal` (403) for what cannot be a user's name. */
export function folderOf({ places, userOf }: Pick<FileServices, "places" | "userOf">, request: Request): string {
  const user = userOf(request);
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(user)) throw new Refusal(403, "this user has no folder");
  return join(places.data, "users", user);
}

/** Where a user's settings are, in ComfyUI's name, so that its folder of a user can be taken over. */
export const SETTINGS_FILE = "comfy.settings.json";
