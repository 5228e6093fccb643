import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { core } from "../../builtin.js";
import { isCode, Refusal } from "./refusal.js";

/** Separators, dots, NUL and line ends that are still escaped after decoding: somebody hopes for a second one. */
const ESCAPED = /%(?:00|0a|0d|2e|2f|5c)/i;
/** Names that Windows gives to devices, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?$/i;

/** Why a part of a path cannot be a name; on Windows, `x.png::$DATA` and `x.png.` are other spellings of `x.png`. */
function wrongWith(part: string, platform: NodeJS.Platform): string | undefined {
  if (ESCAPED.test(part)) return "holds an escaped separator, dot or control character";
  if (DEVICE.test(part)) return "is the name of a device on Windows";
  if (platform === "win32" && /[<>:"|?*]|[. ]$/.test(part)) return "cannot be the name of a file on Windows";
  return undefined;
}

/**
 * The one door for names from outside: a relative path with `/` between its parts. Throws `BadName` or a `Refusal`
 * (400) for names that are empty, absolute, too long, climb out, or mean something else than they say.
 */
export async function relativePath(name: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  const { relativeName } = await core();
  const path = relativeName(name);
  for (const part of path.split("/")) {
    const wrong = wrongWith(part, platform);
    if (wrong !== undefined) throw new Refusal(400, `the name ${JSON.stringify(part)} ${wrong}`);
  }
  return path;
}

/** A sub-folder and a name in it as one path. Each must stay inside by itself. */
export async function pathIn(subfolder: string, name: string): Promise<string> {
  const file = await relativePath(name);
  return ["", ".", "./"].includes(subfolder) ? file : `${await relativePath(subfolder)}/${file}`;
}

/** Whether a real path is a folder's own or lies in it. */
const isWithin = (home: string, real: string): boolean =>
  real === home || real.startsWith(home.endsWith(sep) ? home : home + sep);

const NOT_THERE = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"];

const realOrNone = async (path: string): Promise<string | undefined> => {
  try {
    return await realpath(path);
  } catch (error) {
    if (isCode(error, ...NOT_THERE)) return undefined;
    throw error;
  }
};

const leadsOut = (name: string) => new Refusal(403, `${JSON.stringify(name)} is a link that leads out of its folder`);

/** Something on disk, by its real path. */
export interface Found {
  readonly path: string;
  readonly stats: Stats;
}

/** What `path` names in the first root that has it; undefined if none has. A link out of its root is refused (403). */
async function find(roots: readonly string[], path: string): Promise<Found | undefined> {
  for (const root of roots) {
    const real = await realOrNone(join(root, path));
    if (real === undefined) continue;
    if (!isWithin(await realpath(root), real)) throw leadsOut(path);
    return { path: real, stats: await stat(real) };
  }
  return undefined;
}

/** The regular file that `path`, from `relativePath`, names in the first root that has it. Throws a `Refusal` (404). */
export async function fileIn(roots: readonly string[], path: string): Promise<Found> {
  const found = await find(roots, path);
  if (!found?.stats.isFile()) throw new Refusal(404, `there is no file ${JSON.stringify(path)}`);
  return found;
}

/** The folder that `path` names in a root, `""` being the root itself; undefined if there is none. */
export async function folderIn(root: string, path: string): Promise<string | undefined> {
  const found = await find([root], path);
  return found?.stats.isDirectory() ? found.path : undefined;
}

/** The deepest folder of a path that is there. */
const existing = async (path: string): Promise<string> =>
  (await realOrNone(path)) ?? (dirname(path) === path ? path : existing(dirname(path)));

/** A place for a file, in a folder that is there. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

/**
 * Where a file named `path`, from `relativePath`, is to be written: its folder is made, by its real path. Refuses
 * (403) when links on the way lead out of the root, before anything is made there.
 */
export async function placeIn(root: string, path: string): Promise<Place> {
  const { makeFolder } = await core();
  await makeFolder(root);
  const home = await realpath(root);
  const folder = dirname(join(home, path));
  if (!isWithin(home, await existing(folder))) throw leadsOut(path);
  await makeFolder(folder);
  const real = await realpath(folder);
  if (!isWithin(home, real)) throw leadsOut(path);
  if (!(await stat(real)).isDirectory()) throw new Refusal(409, "a part of the path is a file, not a folder");
  return { folder: real, name: basename(path) };
}
