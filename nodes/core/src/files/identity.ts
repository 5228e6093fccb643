import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** Files up to this size are hashed whole when they are first met: about a tenth of a second. */
const HASHED_AT_ONCE = 64 * 2 ** 20;
/** A file written this shortly ago may be written again with the same time stamp. */
const SETTLED_MS = 2000;
const MOST_KNOWN = 1024;

/** Content hashes by fingerprint, for this process. Promises, so that two who ask at once share one reading. */
const known = new Map<string, Promise<string>>();

/** What the system knows of a file: it changes when the content does, and holds on this machine only. */
async function fingerprint(path: string): Promise<{ key: string; bytes: number; settled: boolean }> {
  const { ino, dev, size, mtimeNs, ctimeNs, mtimeMs } = await stat(path, { bigint: true });
  return {
    key: [await realpath(path), dev, ino, size, mtimeNs, ctimeNs].join("\0"),
    bytes: Number(size),
    settled: Date.now() - Number(mtimeMs) > SETTLED_MS,
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** The SHA-256 of a file's content, in hex. Remembered for as long as the file's inode, size and times stay the same. */
export async function contentHash(path: string): Promise<string> {
  const { key, settled } = await fingerprint(path);
  const before = known.get(key);
  if (before !== undefined) return before;
  const hash = hashFile(path);
  if (!settled) return hash;
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  known.set(key, hash);
  hash.catch(() => known.delete(key));
  return hash;
}

/**
 * Identifies a file's content. Small files, and files that `contentHash` has read, are known by their full hash, the
 * same everywhere and always. Others go by their fingerprint: then the identity starts with `~` and holds only here.
 */
export async function identify(path: string): Promise<string> {
  const { key, bytes } = await fingerprint(path);
  if (known.has(key) || bytes <= HASHED_AT_ONCE) return contentHash(path);
  return `~${createHash("sha256").update(key).digest("hex")}`;
}
