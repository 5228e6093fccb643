const ascii = (bytes: Uint8Array, start: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(start, start + length));

/** The media types of pictures that are decoded. */
export type PictureType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/tiff" | "image/avif";

/**
 * What a picture is, by its first 12 bytes; undefined for anything that is not decoded. Extensions lie, and libvips
 * would try an SVG or a PDF too.
 */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  const head = ascii(bytes, 0, 12);
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(head)) return "image/gif";
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return "image/webp";
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return "image/tiff";
  return /^ftypavi[fs]/.test(head.slice(4)) ? "image/avif" : undefined;
}

/** Throws, saying what `name` is instead, unless its first bytes are those of a picture that can be decoded. */
export function sniff(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) throw new Error(`${name} is empty (0 bytes)`);
  if (pictureType(bytes) !== undefined) return;
  const start = ascii(bytes, 0, 512).trimStart();
  const found = /^(?:\xef\xbb\xbf)?<(?:\?xml|!doctype svg|!--|svg)/i.test(start)
    ? "an SVG drawing or other XML, which is not rasterised here"
    : start.startsWith("BM")
      ? "a BMP picture, which is not decoded here"
      : /^.{4}ftyphe[ivx]/s.test(start)
        ? "a HEIC picture, which is not decoded here"
        : `not a picture (first bytes: ${Buffer.from(bytes.subarray(0, 8)).toString("hex")})`;
  throw new Error(`${name} is ${found}; use PNG, JPEG, WebP, GIF, TIFF or AVIF`);
}
