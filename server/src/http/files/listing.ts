import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "./refusal.js";
import { isAside } from "./stage.js";

const MAX_DEPTH = 16;
const MOST_ENTRIES = 50_000;
/** Files looked at together. */
const BATCH = 64;

/** A file or folder below the one that was listed. */
export interface Entry {
  /** With `/` between its parts. */
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
}

/** Nothing for links, devices, and what has gone in the meantime. */
async function look(folder: string, path: string, name: string): Promise<Entry | undefined> {
  const stats = await lstat(join(folder, path)).catch(() => undefined);
  return stats?.isFile() || stats?.isDirectory() ? { path, name, stats } : undefined;
}

/**
 * The files and folders in a folder, of all depths if asked, sorted by path. Links are left out, and what is still
 * arriving. Throws a `Refusal` (413) past 50,000 entries; what lies more than 16 folders deep is not listed.
 */
export async function entriesOf(folder: string, recurse: boolean): Promise<Entry[]> {
  const entries: Entry[] = [];
  const visit = async (prefix: string, depth: number): Promise<void> => {
    const names = (await readdir(join(folder, prefix))).filter((name) => !isAside(name)).sort();
    if (entries.length + names.length > MOST_ENTRIES)
      throw new Refusal(413, `the folder holds more than ${MOST_ENTRIES} files; list a part of it`);
    for (let from = 0; from < names.length; from += BATCH) {
      const batch = names.slice(from, from + BATCH).map((name) => look(folder, prefix + name, name));
      for (const entry of await Promise.all(batch)) {
        if (entry === undefined) continue;
        entries.push(entry);
        if (recurse && entry.stats.isDirectory() && depth < MAX_DEPTH) await visit(`${entry.path}/`, depth + 1);
      }
    }
  };
  await visit("", 1);
  return entries;
}

/** A file as the editor lists it; times in milliseconds since 1970. */
export const fileInfo = (path: string, { size, mtimeMs, birthtimeMs, ctimeMs }: Stats) => ({
  path,
  size,
  modified: Math.floor(mtimeMs),
  created: Math.floor(birthtimeMs || ctimeMs),
});
