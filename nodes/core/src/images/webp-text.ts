import { readExifText, withExifText } from "./exif-text.js";

/** A chunk of a RIFF file. */
interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;

const isWebp = (file: Buffer): boolean =>
  file.length >= 12 && file.toString("latin1", 0, 4) === "RIFF" && file.toString("latin1", 8, 12) === "WEBP";

/** The chunks of a WebP file; of a truncated one, those that are whole. */
function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 12; at + 8 <= file.length; ) {
    const length = file.readUInt32LE(at + 4);
    if (at + 8 + length > file.length) break;
    chunks.push({ type: file.toString("latin1", at, at + 4), data: file.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function join(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.map(({ type, data }) => {
    const head = Buffer.alloc(8, type, "latin1");
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  });
  const body = Buffer.concat([Buffer.from("WEBP", "latin1"), ...parts]);
  const head = Buffer.alloc(8, "RIFF", "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/** The header of the extended format for a picture that is in the simple one (WebP container specification). */
function extendedHeader({ type, data }: Chunk): Chunk {
  const lossless = type === "VP8L";
  if (data.length < 10 || (!lossless && type !== "VP8 ")) throw new Error("the WebP file holds no picture");
  const bits = lossless ? data.readUInt32LE(1) : 0;
  const width = lossless ? bits & 0x3fff : (data.readUInt16LE(6) & 0x3fff) - 1;
  const height = lossless ? (bits >>> 14) & 0x3fff : (data.readUInt16LE(8) & 0x3fff) - 1;
  const header = Buffer.alloc(10);
  header.writeUInt8((bits >>> 28) & 1 ? HAS_ALPHA : 0, 0);
  header.writeUIntLE(width, 4, 3);
  header.writeUIntLE(height, 7, 3);
  return { type: "VP8X", data: header };
}

/** The texts of a WebP by key, as ComfyUI writes them (EXIF `prompt:{…}`, `workflow:{…}`); empty if it is no WebP. */
export function readWebpText(webp: Buffer): Map<string, string> {
  const exif = isWebp(webp) ? chunksOf(webp).find(({ type }) => type === "EXIF") : undefined;
  return exif ? readExifText(exif.data) : new Map();
}

/** A WebP with texts in its EXIF; its pixels and whatever else it holds stay as they are. */
export function withWebpText(webp: Buffer, texts: Iterable<readonly [key: string, text: string]>): Buffer {
  const chunks = isWebp(webp) ? chunksOf(webp) : [];
  const [first] = chunks;
  if (!first) throw new Error("this is not a WebP file");
  const header = first.type === "VP8X" ? first : extendedHeader(first);
  const flagged = Buffer.from(header.data);
  flagged[0]! |= HAS_EXIF;
  const exif = withExifText(chunks.find(({ type }) => type === "EXIF")?.data, texts);
  const rest = chunks.filter((chunk) => chunk !== header && chunk.type !== "EXIF");
  const isXmp = ({ type }: Chunk) => type === "XMP ";
  return join([
    { type: "VP8X", data: flagged },
    ...rest.filter((chunk) => !isXmp(chunk)),
    { type: "EXIF", data: exif },
    ...rest.filter(isXmp),
  ]);
}
