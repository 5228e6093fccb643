import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Refusal } from "./refusal.js";

/** Opening a pipe would wait for its writer for ever. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, READ);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** The first bytes of a file, at most `length`. */
export const readHead = (path: string, length: number): Promise<Buffer> =>
  withFile(path, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  });

/** A whole regular file. Throws a `Refusal` (413) for more than `limit` bytes, before reading any. */
export const readWhole = (path: string, limit: number): Promise<Buffer> =>
  withFile(path, async (file) => {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Refusal(404, "there is no such file");
    if (stats.size > limit) throw new Refusal(413, `the file has ${stats.size} bytes; the limit is ${limit}`);
    return file.readFile();
  });
