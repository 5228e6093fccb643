import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

const stats = (path: string) => stat(path).catch(() => undefined);

/** Why nothing can be written into a folder, which need not exist yet; nothing if it can. Creates nothing. */
export async function whyNotWritable(folder: string): Promise<string | undefined> {
  const found = await stats(folder);
  if (!found) return dirname(folder) === folder ? `there is no ${folder}` : whyNotWritable(dirname(folder));
  if (!found.isDirectory()) return `${folder} is a file, not a folder`;
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => undefined,
    () => `${folder} cannot be written to`,
  );
}

/**
 * Makes a folder and those above it. One at a time: where a file system lets no folder be made, `mkdir` with
 * `recursive` never ends (Node 20, under /proc).
 */
export async function makeFolder(folder: string): Promise<void> {
  if ((await stats(folder))?.isDirectory()) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw new Error(`cannot make the folder ${folder}: ${cause.message}`, { cause });
  });
}
