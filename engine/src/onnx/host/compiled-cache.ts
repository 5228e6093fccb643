import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from "node:fs/promises";
import { arch, cpus, hostname } from "node:os";
import { join } from "node:path";
import type { CacheConfig } from "./messages.js";

/** A compiled model in the making or in place: ONNX Runtime's optimised graph, and its weights beside it. */
export interface CompiledFiles {
  readonly model: string;
  /** Name of the weights' file, in the model's folder. */
  readonly weights: string;
}

/** How an entry is known to be whole: written last, before the entry gets its name. */
interface Manifest {
  readonly sizes: Readonly<Record<string, number>>;
  readonly digest: string;
}

const MODEL = "model.onnx";
const WEIGHTS = "model.bin";
const MANIFEST = "manifest.json";
/** Optimised and prepacked weights took 1.3 (SD1.5) to 1.57 times the float32 weights on disk. */
const GROWTH = 1.65;
/** What the cache leaves free on the disk whatever its budget says. */
const RESERVE = 2 ** 30;
const MAX_DEFAULT_BUDGET = 20e9;
/** A temporary folder of another machine is garbage when it is this old. */
const STALE_MS = 3_600_000;

/**
 * A bounded, disposable folder of compiled models. An entry is made under a temporary name and renamed when complete,
 * so processes may share the folder and a crash leaves no half entry; the least recently used go first.
 */
export class CompiledCache {
  readonly #config: CacheConfig;
  constructor(config: CacheConfig) {
    this.#config = config;
  }

  /** The entry of a key, checked and marked as used. One that is damaged is removed. */
  async find(key: string): Promise<CompiledFiles | undefined> {
    const folder = join(this.#config.dir, key);
    const manifest = await readManifest(folder);
    if (manifest === undefined) return undefined;
    if (manifest === "damaged" || (await digest(folder, manifest.sizes)) !== manifest.digest) {
      await this.remove(key).catch(() => {}); // it counts as absent, whether or not it can be removed
      return undefined;
    }
    const now = new Date();
    await utimes(join(folder, MANIFEST), now, now).catch(() => {}); // a cache that is read-only still serves
    return { model: join(folder, MODEL), weights: WEIGHTS };
  }

  /**
   * Lets `write` fill a temporary folder, then puts it in place. Gives undefined, without calling it, when `bytes` of
   * weights don't fit the budget or the disk; throws what `write` throws.
   */
  async add(
    key: string,
    bytes: number,
    write: (files: CompiledFiles) => Promise<void>,
  ): Promise<CompiledFiles | undefined> {
    if (!(await this.#makeRoom(bytes * GROWTH))) return undefined;
    const temporary = join(this.#config.dir, `tmp-${hostname()}-${process.pid}-${key.slice(0, 16)}`);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    try {
      await write({ model: join(temporary, MODEL), weights: WEIGHTS });
      const sizes: Record<string, number> = {};
      for (const name of await readdir(temporary)) sizes[name] = (await stat(join(temporary, name))).size;
      const manifest: Manifest = { sizes, digest: await digest(temporary, sizes) };
      await writeFile(join(temporary, MANIFEST), JSON.stringify(manifest));
      const folder = join(this.#config.dir, key);
      await rename(temporary, folder).catch(async (error: NodeJS.ErrnoException) => {
        // Another process was first: its entry is as good as ours.
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST" && error.code !== "EPERM") throw error;
      });
      void settle(folder, Object.keys(sizes));
      return await this.find(key);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Forgets an entry. A session that has mapped it goes on. */
  async remove(key: string): Promise<void> {
    await rm(join(this.#config.dir, key), { recursive: true, force: true });
  }

  /** Evicts until `wanted` more bytes fit; false when they cannot. */
  async #makeRoom(wanted: number): Promise<boolean> {
    const { dir } = this.#config;
    await mkdir(dir, { recursive: true });
    const entries = await listEntries(dir);
    let used = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const disk = await statfs(dir);
    let free = disk.bavail * disk.bsize;
    const budget = this.#config.budget ?? Math.min(MAX_DEFAULT_BUDGET, (free + used) / 10);
    if (wanted > budget || wanted + RESERVE > free + used) return false;
    for (const entry of entries) {
      if (used + wanted <= budget && wanted + RESERVE <= free) break;
      await this.remove(entry.key);
      used -= entry.bytes;
      free += entry.bytes;
    }
    return true;
  }
}

/** Names an entry by all that compiled code depends on: the graph and weights, the runtime, and the CPU's features. */
export const compiledKey = (session: string, runtime: string, provider: string): string =>
  createHash("sha256")
    .update(JSON.stringify([session, runtime, provider, cpuIdentity()]))
    .digest("hex");

function cpuIdentity(): string {
  try {
    const lines = readFileSync("/proc/cpuinfo", "utf8").split("\n");
    return ["model name", "flags", "Features"].map((field) => lines.find((line) => line.startsWith(field))).join("\n");
  } catch {
    return `${arch()} ${cpus()[0]?.model}`;
  }
}

async function readManifest(folder: string): Promise<Manifest | "damaged" | undefined> {
  const text = await readFile(join(folder, MANIFEST), "utf8").catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? undefined : "",
  );
  if (text === undefined) return (await stat(folder).catch(() => undefined)) ? "damaged" : undefined;
  try {
    const manifest = JSON.parse(text) as Manifest;
    for (const [name, size] of Object.entries(manifest.sizes))
      if ((await stat(join(folder, name))).size !== size) return "damaged";
    return manifest;
  } catch {
    return "damaged";
  }
}

/**
 * A digest of the whole graph and of blocks spread over the weights: reading gigabytes to check them would cost more
 * than the cache saves. It finds truncation, and the zeros that a file system leaves after a loss of power.
 */
async function digest(folder: string, sizes: Readonly<Record<string, number>>): Promise<string> {
  const [block, blocks] = [4096, 64];
  const hash = createHash("sha256");
  for (const name of Object.keys(sizes).sort()) {
    const size = sizes[name] as number;
    const whole = name === MODEL || size <= block * blocks;
    const count = whole ? 1 : blocks;
    const buffer = Buffer.alloc(whole ? size : block);
    const file = await open(join(folder, name), "r");
    try {
      for (let i = 0; i < count; i++) {
        const position = count === 1 ? 0 : Math.floor(((size - block) * i) / (count - 1));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  return hash.digest("hex");
}

/** Asks the disk to keep the files. Nobody waits for it: a loss of power before it is done is found by the digest. */
async function settle(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = await open(join(folder, name), "r").catch(() => undefined);
    await file?.sync().catch(() => {});
    await file?.close().catch(() => {});
  }
}

/** Entries from the least recently used; temporary folders that nobody fills any more are removed on the way. */
async function listEntries(dir: string): Promise<{ key: string; bytes: number; used: number }[]> {
  const entries: { key: string; bytes: number; used: number }[] = [];
  for (const key of await readdir(dir)) {
    const folder = join(dir, key);
    const info = await stat(folder).catch(() => undefined);
    if (!info?.isDirectory()) continue;
    if (key.startsWith("tmp-")) {
      if (abandoned(key, info.mtimeMs)) await rm(folder, { recursive: true, force: true });
      continue;
    }
    const sizes = await Promise.all([MODEL, WEIGHTS].map((name) => stat(join(folder, name)).catch(() => undefined)));
    const used = await stat(join(folder, MANIFEST)).catch(() => undefined);
    // A folder with none of our files is somebody else's, and not ours to evict.
    if (!used && sizes.every((file) => !file)) continue;
    entries.push({ key, bytes: sizes.reduce((sum, s) => sum + (s?.size ?? 0), 0), used: used?.mtimeMs ?? 0 });
  }
  return entries.sort((a, b) => a.used - b.used);
}

function abandoned(name: string, changed: number): boolean {
  const own = `tmp-${hostname()}-`;
  if (!name.startsWith(own)) return Date.now() - changed > STALE_MS;
  const pid = Number.parseInt(name.slice(own.length), 10);
  try {
    return pid !== process.pid && !process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
