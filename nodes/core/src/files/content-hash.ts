import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

const remembered = new Map<string, string>();
const MAX_REMEMBERED = 1024;
/** A file written this shortly ago may be written again with the same time stamp. */
const SETTLED_MS = 2000;

/** SHA-256 of a file's contents, in hex. Remembered while the file's inode, size and times stay the same. */
export async function contentHash(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs } = await stat(path, { bigint: true });
  const identity = [path, dev, ino, size, mtimeNs, ctimeNs].join("\0");
  const known = remembered.get(identity);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest("hex");
  if (Date.now() - Number(mtimeMs) > SETTLED_MS) {
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    remembered.set(identity, digest);
  }
  return digest;
}
