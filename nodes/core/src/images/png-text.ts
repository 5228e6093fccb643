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
 * A PNG with texts added after its header: tEXt, or iTXt for what Latin-1 cannot hold. Texts that it has under the same
 * keys go, everything else stays. Entries whose key is not a PNG keyword (1 to 79 printable Latin-1 characters) are
 * left out: a picture is worth more than a label.
 */
export function withPngText(png: Buffer, texts: Iterable<readonly [key: string, text: string]>): Buffer {
  if (!isPng(png)) throw new Error("text can only be added to a PNG");
  const added = [...texts].filter(([key]) => isKeyword(key));
  const keys = new Set(added.map(([key]) => key));
  const parts = [png.subarray(0, AFTER_HEADER), ...added.map(([key, text]) => textChunk(key, text))];
  let from = AFTER_HEADER;
  for (const { type, data, start, end } of chunksOf(png)) {
    if (!TEXTS.has(type) || !keys.has(keywordOf(data))) continue;
    parts.push(png.subarray(from, start));
    from = end;
  }
  return Buffer.concat([...parts, png.subarray(from)]);
}

const TEXTS: ReadonlySet<string> = new Set(["tEXt", "zTXt", "iTXt"]);

const keywordOf = (data: Buffer): string => data.toString("latin1", 0, Math.max(0, data.indexOf(0)));

/** The chunks before the end of a PNG; of a truncated file, those that are whole. */
function* chunksOf(png: Buffer): Generator<{ type: string; data: Buffer; start: number; end: number }> {
  for (let start = SIGNATURE.length; start + 12 <= png.length; ) {
    const length = png.readUInt32BE(start);
    const type = png.toString("latin1", start + 4, start + 8);
    const end = start + 12 + length;
    if (type === "IEND" || end > png.length) return;
    yield { type, data: png.subarray(start + 8, start + 8 + length), start, end };
    start = end;
  }
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
  for (const { type, data } of chunksOf(png)) {
    const entry = TEXTS.has(type) ? parseText(type, data) : undefined;
    if (entry && !texts.has(entry[0])) texts.set(...entry);
  }
  return texts;
}
