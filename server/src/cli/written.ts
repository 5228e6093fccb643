import { join } from "node:path";
import type { RunEvent } from "@mezzotint/engine";

/** A picture, or another file, that a node wrote where the user looks for results. */
export interface Written {
  /** The workflow's node. */
  readonly node: string;
  readonly path: string;
}

/** Files that a node shows as its results, in ComfyUI's words: `{ filename, subfolder, type: "output" }`. */
export function writtenBy(event: RunEvent, output: string): readonly Written[] {
  if (event.type !== "finished" && event.type !== "cached") return [];
  return Object.values(event.shown ?? {})
    .flat()
    .flatMap((item) => {
      const { filename, subfolder = "", type } = (item ?? {}) as Record<string, unknown>;
      if (type !== "output" || typeof filename !== "string") return [];
      return [{ node: event.display, path: join(output, String(subfolder), filename) }];
    });
}
