import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { Failure, messageOf } from "../failure.js";

/** Far above any real workflow, and enough for pictures that hold one; below what would make parsing it a nuisance. */
const LIMIT = 64 * 2 ** 20;

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const tooLarge = (name: string, bytes?: number): Failure =>
  new Failure(
    `${name} is ${bytes === undefined ? "more than" : `${megabytes(bytes)}, and more than`} ${megabytes(LIMIT)}: no workflow is that large`,
  );

/** Reads to the end, or to the limit: a pipe has no size, and a device may have no end. */
async function readStream(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > LIMIT) throw tooLarge(name);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function readFile(path: string): Promise<Buffer> {
  const file = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "there is no such file" : messageOf(cause);
    throw new Failure(`cannot read ${path}: ${reason}`, { cause });
  });
  try {
    const stats = await file.stat();
    if (stats.isDirectory())
      throw new Failure(`${path} is a folder; a workflow is a JSON file, or a picture that holds one`);
    const { size } = stats;
    if (size > LIMIT) throw tooLarge(path, size);
    return await readStream(file.createReadStream({ autoClose: false }), path);
  } catch (cause) {
    throw cause instanceof Failure ? cause : new Failure(`cannot read ${path}: ${messageOf(cause)}`, { cause });
  } finally {
    await file.close();
  }
}

/** The bytes of a file, or of standard input for `-`: at most 64 MiB. Throws a `Failure` that says why not. */
export const readBytes = (path: string, stdin: Readable = process.stdin): Promise<Buffer> =>
  path === "-" ? readStream(stdin, "standard input") : readFile(path);
