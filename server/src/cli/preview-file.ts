import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { RunEvent } from "@mezzotint/engine";
import { Failure, messageOf } from "../failure.js";

/** A file that always holds the newest preview of a run. */
export interface PreviewFile {
  readonly event: (event: RunEvent) => void;
  /** Resolves when everything is written. */
  readonly flush: () => Promise<void>;
}

/**
 * Keeps the newest preview in a file, for viewers that watch it: each is written beside it and takes its place whole.
 * Throws when its folder cannot be made. What goes wrong later is a warning, and does not end the run.
 */
export async function previewFile(file: string): Promise<PreviewFile> {
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw new Failure(`--preview ${file}: its folder cannot be made: ${messageOf(error)}`);
  });
  let newest: Uint8Array | undefined;
  let writing = Promise.resolve();
  const write = async () => {
    const bytes = newest;
    newest = undefined;
    if (!bytes) return;
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
  };
  return {
    event: (event) => {
      if (event.type !== "preview") return;
      newest = event.preview.bytes;
      writing = writing
        .then(write)
        .catch((error) => process.emitWarning(`the preview was not written: ${messageOf(error)}`));
    },
    flush: () => writing,
  };
}
