import { createHash, randomUUID } from "node:crypto";
import { copyFile, lstat, open, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { core } from "../../builtin.js";
import type { Place } from "./names.js";
import { Refusal } from "./refusal.js";

/** A file that has arrived whole and is on disk, but has no name yet. */
export interface Staged {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256, in hex. */
  readonly hash: string;
}

const ASIDE = /^\.[0-9a-f-]{36}\.part$/;

/** Whether a name is one that `stage` gives to what is still arriving. */
export const isAside = (name: string): boolean => ASIDE.test(name);

const aside = (folder: string): string => join(folder, `.${randomUUID()}.part`);

/**
 * Writes a stream aside in a folder, and to the disk. Throws a `Refusal` (413) past `limit` bytes; a failure leaves
 * nothing. Whoever stages a file discards it in the end, whatever became of it.
 */
export async function stage(folder: string, source: Readable, limit: number): Promise<Staged> {
  const path = aside(folder);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    const file = await open(path, "wx");
    try {
      await pipeline(source, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          if (bytes > limit) throw new Refusal(413, `the file is larger than the limit of ${limit} bytes`);
          hash.update(chunk);
          await file.writeFile(chunk);
        }
      });
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    // A source that failed before it was read says less by now; one that was ended because the disk is full says nothing.
    const { errored } = source;
    throw errored === null || errored.name === "AbortError" ? error : errored;
  }
  return { path, bytes, hash: hash.digest("hex") };
}

/** Removes what was staged, unless it has got its name. */
export const discard = ({ path }: Staged): Promise<void> => rm(path, { force: true });

/** Lends `work` a staged file on the file system of `folder`: names are given without copying only there. */
async function near<T>(staged: Staged, folder: string, work: (path: string) => Promise<T>): Promise<T> {
  const [from, to] = await Promise.all([stat(staged.path), stat(folder)]);
  if (from.dev === to.dev) return work(staged.path);
  const copy = aside(folder);
  try {
    await copyFile(staged.path, copy);
    return await work(copy);
  } finally {
    await rm(copy, { force: true });
  }
}

/** Gives a staged file its name, in place of whatever file has it. */
export const replace = (staged: Staged, { folder, name }: Place): Promise<void> =>
  near(staged, folder, (path) => rename(path, join(folder, name)));

/** Gives a staged file its name if that is free; false if it is taken. */
export async function claim(staged: Staged, { folder, name }: Place): Promise<boolean> {
  const { claimName } = await core();
  return near(staged, folder, (path) => claimName(path, join(folder, name)));
}

/** A link is never the same: it would give away what it leads to. */
async function isSame(path: string, { bytes, hash }: Staged): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  if (!there?.isFile() || there.size !== bytes) return false;
  const { contentHash } = await core();
  return (await contentHash(path)) === hash;
}

const MOST_NUMBERS = 10_000;

/**
 * Gives a staged file the first free name of `x.png`, `x (1).png`, `x (2).png` …, and returns it. A file of such a name
 * with the same content serves instead.
 */
export async function claimOrReuse(staged: Staged, { folder, name }: Place): Promise<string> {
  const { claimName } = await core();
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return near(staged, folder, async (path) => {
    for (let n = 0; n < MOST_NUMBERS; n++) {
      const candidate = n === 0 ? name : `${stem} (${n})${extension}`;
      if (await isSame(join(folder, candidate), staged)) return candidate;
      if (await claimName(path, join(folder, candidate))) return candidate;
      if (await isSame(join(folder, candidate), staged)) return candidate;
    }
    throw new Refusal(409, `there are ${MOST_NUMBERS} files named like ${JSON.stringify(name)}; choose another name`);
  });
}
