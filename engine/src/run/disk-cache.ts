import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Cache, Entry } from "./cache.js";
import { isPlain } from "./plain.js";

/** A cache on disk, which outlives the process. */
export interface DiskCache extends Cache {
  /** Bytes of all entries. */
  readonly size: () => number;
  /** Resolves when everything that was set is written. */
  readonly flush: () => Promise<void>;
}

/** Joins every file; raised whenever the format changes. */
const MAGIC = Buffer.from("mezzotint step 1\n");
const SUM = 32;
const NAME = /^[0-9a-f]{64}$/;
const TEMPORARY = /^\.[0-9a-f]{64}\.\d+$/;
/** No file takes an hour to write, in milliseconds. */
const STALE = 3_600_000;
/** Files written at once. */
const AT_ONCE = 2;

/**
 * Keeps durable entries in a folder, at most `bytes` of them, oldest use first out. Files are named by their keys,
 * written under another name, synced and renamed; they carry a checksum, and one that is damaged is removed and
 * counts as absent. Several processes may share the folder. Values that cannot be serialised are left out.
 */
export async function diskCache(folder: string, bytes: number): Promise<DiskCache> {
  await mkdir(folder, { recursive: true });
  await sweep(folder);
  // A Map is in insertion order: what is used moves to the end.
  const sizes = new Map<string, number>(listed(folder));
  let size = [...sizes.values()].reduce((sum, one) => sum + one, 0);
  const queue: (readonly [key: string, entry: Entry])[] = [];
  /** Keys that are in the queue or being written: one file has one writer. */
  const pending = new Set<string>();
  let writers = 0;
  const idle: (() => void)[] = [];

  const forget = async (key: string) => {
    size -= sizes.get(key) ?? 0;
    sizes.delete(key);
    await rm(join(folder, key), { force: true });
  };

  const evict = async () => {
    for (const key of sizes.keys()) {
      if (size <= bytes) return;
      await forget(key);
    }
  };

  const write = async (key: string, entry: Entry) => {
    const data = encode(entry);
    if (!data || data.byteLength > bytes) return;
    const temporary = join(folder, `.${key}.${process.pid}`);
    try {
      const file = await open(temporary, "w");
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(folder, key));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    size += data.byteLength - (sizes.get(key) ?? 0);
    sizes.delete(key);
    sizes.set(key, data.byteLength);
    await evict();
  };

  const work = async () => {
    writers++;
    for (let job = queue.shift(); job; job = queue.shift()) {
      // A full or read-only disk costs the next run its time, never this one its result.
      await write(...job).catch(() => {});
      pending.delete(job[0]);
    }
    writers--;
    if (writers === 0) for (const resolve of idle.splice(0)) resolve();
  };

  const load = async (key: string): Promise<Entry | undefined> => {
    try {
      const entry = decode(await readFile(join(folder, key)));
      const used = sizes.get(key);
      if (entry && used !== undefined) {
        sizes.delete(key);
        sizes.set(key, used);
      }
      if (!entry) await forget(key);
      return entry;
    } catch {
      await forget(key).catch(() => {});
      return undefined;
    }
  };

  return {
    get: () => undefined,
    load: (key) => (sizes.has(key) ? load(key) : undefined),
    set(key, entry, { durable }) {
      if (!durable || !NAME.test(key) || sizes.has(key) || pending.has(key)) return;
      pending.add(key);
      queue.push([key, entry]);
      if (writers < AT_ONCE) void work();
    },
    pin() {},
    unpin() {},
    size: () => size,
    flush: () => (writers === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}

/** The entries of a folder with their sizes, longest unused first; what other processes are writing is left out. */
function listed(folder: string): readonly (readonly [string, number])[] {
  const files = readdirSync(folder).filter((name) => NAME.test(name));
  return files
    .flatMap((name) => {
      const stats = statSync(join(folder, name), { throwIfNoEntry: false });
      return stats ? [{ name, size: stats.size, used: Math.max(stats.atimeMs, stats.mtimeMs) }] : [];
    })
    .sort((a, b) => a.used - b.used)
    .map(({ name, size }) => [name, size] as const);
}

/** Removes what processes left behind that died while writing. */
async function sweep(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > STALE) await rm(join(folder, name), { force: true });
  }
}

function encode({ outputs, shown }: Entry): Buffer | undefined {
  if (!isPlain([outputs, shown])) return undefined;
  try {
    const data = serialize({ outputs, shown });
    return Buffer.concat([MAGIC, createHash("sha256").update(data).digest(), data]);
  } catch {
    return undefined;
  }
}

function decode(file: Buffer): Entry | undefined {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const sum = file.subarray(MAGIC.length, MAGIC.length + SUM);
  const data = file.subarray(MAGIC.length + SUM);
  if (!createHash("sha256").update(data).digest().equals(sum)) return undefined;
  return deserialize(data) as Entry;
}

/** A cache in memory before a cache on disk: what is loaded is kept at hand, what is durable is kept in both. */
export function tieredCache(memory: Cache, disk: Cache): Cache {
  return {
    get: (key) => memory.get(key),
    load: (key) =>
      disk.load?.(key)?.then((entry) => {
        if (entry) memory.set(key, entry, { durable: true });
        return entry;
      }),
    set(key, entry, options) {
      memory.set(key, entry, options);
      disk.set(key, entry, options);
    },
    pin: (key) => memory.pin(key),
    unpin: (key) => memory.unpin(key),
  };
}
