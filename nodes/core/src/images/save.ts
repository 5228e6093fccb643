import { makeFolder } from "../files/folder.js";
import { writeNewFile } from "../files/write-new.js";
import type { Image } from "../sockets.js";
import { imageDims } from "./allocate.js";
import { encodePng } from "./encode.js";
import { expandPrefix, freeNames, type NameFacts, placeOf } from "./file-names.js";
import { withPngText } from "./png-text.js";

/** A saved picture as ComfyUI names it: `subfolder` relative to its root, `""` at the top. */
export interface SavedImage {
  readonly filename: string;
  readonly subfolder: string;
}

/** Where and how to save a batch. */
export interface SaveOptions extends Omit<NameFacts, "width" | "height"> {
  readonly root: string;
  readonly prefix: string;
  readonly compression: number;
  readonly texts: Iterable<readonly [key: string, text: string]>;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Saves each picture of a batch as `<prefix>_<counter>_.png` with its texts, one after another, and returns their
 * names. Throws on NaN and when the prefix leaves `root`; a picture is there whole or not at all.
 */
export async function saveImages(image: Image, options: SaveOptions): Promise<SavedImage[]> {
  const { root, prefix, compression, texts, signal, progress } = options;
  const [batch, height, width] = imageDims(image);
  const expanded = expandPrefix(prefix, { ...options, width, height });
  const saved: SavedImage[] = [];
  for (let index = 0; index < batch; index++) {
    signal.throwIfAborted();
    const place = placeOf(root, expanded.replaceAll("%batch_num%", String(index)));
    const png = withPngText(await encodePng(image, index, compression), texts);
    await makeFolder(place.folder);
    const filename = await writeNewFile(place.folder, freeNames(place.folder, place.stem), png);
    saved.push({ filename, subfolder: place.subfolder });
    progress?.(index + 1, batch);
  }
  return saved;
}
