import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type FilePlaces, filesOfUsers, placesOfUser } from "./places.js";

/** A file that was being written: `<name>.<uuid>.part` (files/replace.ts) or `.<uuid>.part` (nodes, uploads). */
const UNFINISHED = /(^|\.)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/**
 * Removes what an earlier server left: previews, and files that it did not finish writing. To be called by the only server
 * of the data directory, before it runs anything. Resolves when new previews may be written; the rest goes on behind.
 */
export async function sweep(places: FilePlaces): Promise<{ readonly done: Promise<unknown> }> {
  const { data } = places;
  const users = await readdir(filesOfUsers(data)).catch(() => []);
  const all = [places, ...users.map((user) => placesOfUser(places, user))];
  const before = Date.now();
  for (const [i, { temp }] of all.entries())
    await rename(temp, join(data, `temp-${process.pid}-${i}.old`)).catch(() => undefined);
  const old = await readdir(data).catch(() => []);
  const done = Promise.all([
    ...old
      .filter((name) => /^temp-[\d-]+\.old$/.test(name))
      .map((name) => rm(join(data, name), { recursive: true, force: true }).catch(() => undefined)),
    ...all.flatMap(({ output, inputs }) => [output, ...inputs]).map((folder) => removeUnfinished(folder, before)),
  ]);
  return { done };
}

/** What is younger than the server is being written now. */
async function removeUnfinished(folder: string, before: number): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    if (!UNFINISHED.test(basename(name))) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && found.mtimeMs < before) await rm(path, { force: true }).catch(() => undefined);
  }
}
