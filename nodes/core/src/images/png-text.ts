import { crc32, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
/** Signature and IHDR: the first place where text may stand. */
const AFTER_HEADER = SIGNATURE.length + 12 + 13;
/** A compressed text that grows past this is not a workflow. */
const MAX_INFLATED = 64 * 2 ** 20;

const isPng = (png: Buffer): boolean => png.length >= AFTER_HEADER && png.subarray(0, 8).equals(SIGNATURE);

const isKeyword = (key: string): boolean => /^[\x20-\x7e\xa1-\xff]{1,79}$/.test(key) && key.trim() === key;
// biome-ignore lint/suspicious/noControlCharactersInRegex: tEXt is Latin-1 without NUL.
const isLatin1 = (text: string): boolean => /^[\x01-\xff]*$/.test(text);

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const textChunk = (key: string, text: string): Buffer =>
  isLatin1(text)
    ? chunk("tEXt", Buffer.from(`${key}\0${text}`, "latin1"))
    : chunk("iTXt", Buffer.concat([Buffer.from(`${key}\0\0\0\0\0`, "latin1"), Buffer.from(text, "utf8")]));

/**
 * A PNG with texts added after its header: tEXt, or iTXt for what Latin-1 cannot hold. Entries whose key is not a PNG
 * keyword (1 to 79 printable Latin-1 characters) are left out: a picture is worth more than a label.
 */
export function withPngText(png: Buffer, texts: Iterable<readonly [key: string, text: string]>): Buffer {
  if (!isPng(png)) throw new Error("text can only be added to a PNG");
  const chunks = [...texts].filter(([key]) => isKeyword(key)).map(([key, text]) => textChunk(key, text));
  return Buffer.concat([png.subarray(0, AFTER_HEADER), ...chunks, png.subarray(AFTER_HEADER)]);
}

/** The text of one tEXt, zTXt or iTXt chunk; nothing if it is malformed or unpacks to over 64 MiB. */
function parseText(type: string, data: Buffer): [key: string, text: string] | undefined {
  const end = data.indexOf(0);
  if (end < 1) return undefined;
  const key = data.toString("latin1", 0, end);
  const inflate = (packed: Buffer): Buffer => inflateSync(packed, { maxOutputLength: MAX_INFLATED });
  try {
    if (type === "tEXt") return [key, data.toString("latin1", end + 1)];
    if (type === "zTXt") return [key, inflate(data.subarray(end + 2)).toString("latin1")];
    const language = data.indexOf(0, end + 3);
    const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
    if (translated < 0) return undefined;
    const body = data.subarray(translated + 1);
    return [key, (data[end + 1] === 1 ? inflate(body) : body).toString("utf8")];
  } catch {
    return undefined;
  }
}

/** The texts of a PNG by keyword, the first of each; empty if it is no PNG. A truncated file gives what it still has. */
export function readPngText(png: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  if (!isPng(png)) return texts;
  for (let at = SIGNATURE.length; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    if (type === "IEND" || at + 12 + length > png.length) break;
    if (type === "tEXt" || type === "zTXt" || type === "iTXt") {
      const entry = parseText(type, png.subarray(at + 8, at + 8 + length));
      if (entry && !texts.has(entry[0])) texts.set(...entry);
    }
    at += 12 + length;
  }
  return texts;
}
