import { type Dirent, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";

/** One folder as last read. */
interface Reading {
  readonly mtimeMs: number;
  readonly readAt: number;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** A folder changed this shortly before it was read may change again with the same time stamp. */
const SETTLED_MS = 2000;
const MAX_DEPTH = 16;
const MAX_NAMES = 50_000;

/** Stats that follow links; nothing for what is missing, dangling or unreadable. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function entries(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function read(path: string, mtimeMs: number): Reading {
  const files: string[] = [];
  const folders: string[] = [];
  const readAt = Date.now();
  for (const entry of entries(path)) {
    if (entry.name.startsWith(".")) continue;
    const kind = entry.isSymbolicLink() ? statOf(join(path, entry.name)) : entry;
    if (kind?.isFile()) files.push(entry.name);
    else if (kind?.isDirectory()) folders.push(entry.name);
  }
  return { mtimeMs, readAt, files, folders };
}

/** What a listing keeps: given a folder's files, the names of models in it, or `"folder"` if the folder is one. */
export type Keep = (files: readonly string[], isRoot: boolean) => readonly string[] | "folder";

/**
 * Lists folder trees and remembers each folder until its modification time changes: a repeated listing costs one
 * `stat` a folder. Linked folders are followed, once; hidden ones are not. Past 16 levels or 50,000 names it stops.
 */
export function folderLister(): (root: string, keep: Keep, recurse?: boolean) => string[] {
  const readings = new Map<string, Reading>();
  return (root, keep, recurse = true) => {
    const names: string[] = [];
    const visit = (path: string, prefix: string, above: readonly string[]): void => {
      const stat = statOf(path);
      if (!stat?.isDirectory()) return;
      const identity = `${stat.dev}:${stat.ino}`;
      if (above.includes(identity)) return;
      let reading = readings.get(path);
      if (reading?.mtimeMs !== stat.mtimeMs || reading.readAt - reading.mtimeMs < SETTLED_MS) {
        reading = read(path, stat.mtimeMs);
        readings.set(path, reading);
      }
      const kept = keep(reading.files, prefix === "");
      if (kept === "folder") {
        names.push(prefix.slice(0, -1));
        return;
      }
      for (const name of kept) {
        if (names.length >= MAX_NAMES) return;
        names.push(prefix + name);
      }
      if (!recurse || above.length >= MAX_DEPTH) return;
      for (const name of reading.folders) visit(join(path, name), `${prefix}${name}/`, [...above, identity]);
    };
    visit(root, "", []);
    return names;
  };
}
