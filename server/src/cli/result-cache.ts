import { type Cache, diskCache, memoryCache, tieredCache } from "@mezzotint/engine";

/** Bytes of results that `--cache` keeps on disk. */
const ON_DISK = 4 * 2 ** 30;

/** What a run remembers of nodes that finished. */
export interface ResultCache {
  readonly cache: Cache;
  /** Resolves when everything is written. */
  readonly flush: () => Promise<void>;
}

/** Results in memory for this run; with a folder, on disk for later ones too. */
export async function resultCache(folder: string | undefined): Promise<ResultCache> {
  // Loaded by now: the inference host needed it first.
  const { machineMemory } = await import("@mezzotint/engine/onnx");
  const memory = memoryCache(machineMemory() / 8);
  if (folder === undefined) return { cache: memory, flush: async () => {} };
  const disk = await diskCache(folder, ON_DISK);
  return { cache: tieredCache(memory, disk), flush: disk.flush };
}
