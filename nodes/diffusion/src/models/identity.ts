import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** Files up to this size are hashed whole when they are first met: about a tenth of a second. */
const HASHED_AT_ONCE = 64 * 2 ** 20;

/** What the system knows of a file: it changes when the content does, and holds on this machine only. */
async function fingerprint(path: string): Promise<{ key: string; bytes: number }> {
  const { ino, dev, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { key: `${await realpath(path)}\0${dev}\0${ino}\0${size}\0${mtimeNs}\0${ctimeNs}`, bytes: Number(size) };
}

/** Content hashes by fingerprint, for this process. Promises, so that two who ask at once share one reading. */
const known = new Map<string, Promise<string>>();

/** The SHA-256 of a file's content, remembered for as long as its fingerprint stays the same. */
export async function contentHash(path: string): Promise<string> {
  const { key } = await fingerprint(path);
  const hash = known.get(key) ?? hashFile(path);
  known.set(key, hash);
  hash.catch(() => known.delete(key));
  return hash;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/**
 * Identifies a file's content. Small files, and files that `contentHash` has read, are known by their full hash, the
 * same everywhere and always. Others go by their fingerprint: then the identity starts with `~` and holds only here.
 */
export async function identify(path: string): Promise<string> {
  const { key, bytes } = await fingerprint(path);
  const hash = known.get(key);
  if (hash !== undefined) return hash;
  if (bytes <= HASHED_AT_ONCE) return contentHash(path);
  return `~${createHash("sha256").update(key).digest("hex")}`;
}

/** One identity of several files, in order. It starts with `~` if that of any of them does. */
export async function identifyAll(paths: readonly string[]): Promise<string> {
  const identities = await Promise.all(paths.map(identify));
  const [only] = identities;
  if (identities.length === 1 && only !== undefined) return only;
  const hash = createHash("sha256").update(identities.join("\n")).digest("hex");
  return identities.some((identity) => identity.startsWith("~")) ? `~${hash}` : hash;
}
