import { readPngText, withPngText } from "./png-text.js";
import { readWebpText, withWebpText } from "./webp-text.js";

const isPng = (file: Buffer): boolean => file.toString("latin1", 0, 8) === "\x89PNG\r\n\x1a\n";
const isWebp = (file: Buffer): boolean =>
  file.toString("latin1", 0, 4) === "RIFF" && file.toString("latin1", 8, 12) === "WEBP";

/** Whether a file is a picture that can hold texts: a PNG or a WebP. */
export const holdsText = (file: Buffer): boolean => isPng(file) || isWebp(file);

/** The texts in a PNG or WebP by key (`prompt`, `workflow`, …); empty for other files. */
export const readPictureText = (file: Buffer): Map<string, string> =>
  isPng(file) ? readPngText(file) : readWebpText(file);

/** A PNG or WebP with texts in it. Its pixels and what else it holds stay as they are. Throws for other files. */
export function withPictureText(file: Buffer, texts: Iterable<readonly [key: string, text: string]>): Buffer {
  if (!holdsText(file)) throw new Error("texts can be put into PNG and WebP pictures only");
  return isPng(file) ? withPngText(file, texts) : withWebpText(file, texts);
}
