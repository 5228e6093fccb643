import { randomUUID } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * Gives `aside` the name `final` if that is free, atomically; false if it is taken. Both must lie on one file system;
 * those without hard links get a reserved name instead.
 */
export async function claimName(aside: string, final: string): Promise<boolean> {
  try {
    await link(aside, final);
    await rm(aside);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    if (!isCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
  }
  try {
    await (await open(final, "wx")).close();
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
  try {
    await rename(aside, final);
    return true;
  } catch (error) {
    await rm(final, { force: true });
    throw error;
  }
}

/**
 * Writes a file under the first free name that `names` offers, and returns that name. The bytes are on disk before
 * the name exists, and two writers never get the same name, in this process or another. A failure leaves nothing.
 */
export async function writeNewFile(folder: string, names: Iterable<string>, bytes: Uint8Array): Promise<string> {
  const aside = join(folder, `.${randomUUID()}.part`);
  try {
    const file = await open(aside, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    for (const name of names) if (await claimName(aside, join(folder, name))) return name;
    throw new Error(`no free file name is left in ${folder}`);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
