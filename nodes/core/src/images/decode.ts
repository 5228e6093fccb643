import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Metadata, Sharp } from "sharp";
import type { Image, Mask } from "../sockets.js";
import { newTensor } from "./allocate.js";
import { sniff } from "./sniff.js";

/** What decoding refuses. */
export interface DecodeLimits {
  /** Of all frames together. */
  readonly pixels: number;
  readonly frames: number;
  /** Of the encoded file. */
  readonly bytes: number;
}

/** 268 million pixels, 4096 frames, 1 GiB. */
export const DECODE_LIMITS: DecodeLimits = { pixels: 16384 * 16384, frames: 4096, bytes: 2 ** 30 };

const count = (n: number): string => n.toLocaleString("en-US");

/** Reads a whole regular file of bounded size. A pipe or a device would never end: not even opening may wait for one. */
async function readBounded(path: string, limit: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is not a file`);
    if (stat.size > limit) throw new Error(`${path} has ${count(stat.size)} bytes; the limit is ${count(limit)}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Refuses by the header alone, before a pixel is decoded. Throws, naming the file, its size and the limit. */
export function checkHeader(name: string, header: Metadata, limits: DecodeLimits): void {
  const { width, height, pages = 1, pageHeight = height } = isAnimated(header) ? header : { ...header, pages: 1 };
  const pixels = width * pageHeight * pages;
  const size = `${width} × ${pageHeight}${pages > 1 ? `, ${count(pages)} frames` : ""}`;
  if (pages > limits.frames)
    throw new Error(`${name} has ${count(pages)} frames; the limit is ${count(limits.frames)}`);
  if (pixels > limits.pixels) {
    throw new Error(`${name} says it is ${size}: ${count(pixels)} pixels; the limit is ${count(limits.pixels)}`);
  }
}

/** Whether the formats' frames are one picture after another (pages of a TIFF are not). */
const isAnimated = ({ format, pages = 1 }: Metadata): boolean => pages > 1 && (format === "gif" || format === "webp");

async function pixelsOf(picture: Sharp, deep: boolean) {
  const { data, info } = await picture
    .toColourspace(deep ? "rgb16" : "srgb")
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const samples = deep ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  return { samples, channels: info.channels, width: info.width, height: info.height };
}

/**
 * Decodes PNG, JPEG, WebP, GIF, TIFF and AVIF into sRGB: image float32 [frames, height, width, 3] in 0..1, turned
 * upright by its EXIF orientation, and mask = 1 - alpha, [frames, height, width], or 64×64 zeros without alpha, as
 * ComfyUI has it. 16-bit files keep their depth; embedded colour profiles are applied. Of a TIFF or an APNG, the first
 * page. Throws, naming the file and the limit, for anything empty, broken, too large, or of another format; SVG is
 * refused, since drawing it means running what it says.
 */
export async function decodeImage(
  source: string | Uint8Array,
  { name = typeof source === "string" ? source : "the image", limits = DECODE_LIMITS } = {},
): Promise<{ image: Image; mask: Mask }> {
  const bytes = typeof source === "string" ? await readBounded(source, limits.bytes) : source;
  sniff(bytes, name);
  const { default: sharp } = await import("sharp");
  try {
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    const animated = isAnimated(header);
    checkHeader(name, header, limits);
    const picture = sharp(bytes, { limitInputPixels: limits.pixels, failOn: "error", pages: animated ? -1 : 1 });
    const deep = header.depth === "ushort";
    const frames = animated ? (header.pages ?? 1) : 1;
    return split(await pixelsOf(animated ? picture : picture.autoOrient(), deep), frames, deep ? 65535 : 255);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw reason.startsWith(name) ? error : new Error(`${name} cannot be decoded: ${reason}`, { cause: error });
  }
}

type Pixels = Awaited<ReturnType<typeof pixelsOf>>;

/** Frames stacked in one tall picture, as floats: colours in one tensor, what alpha hides in another. */
function split(
  { samples, channels, width, height }: Pixels,
  frames: number,
  white: number,
): { image: Image; mask: Mask } {
  const image = newTensor(frames, height / frames, width, 3);
  const hasAlpha = channels === 4 || channels === 2;
  const mask = hasAlpha ? newTensor(frames, height / frames, width) : newTensor(frames, 64, 64);
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  // One division per possible sample, not per pixel, and the value is exactly float32(n / white).
  const scaled = Float32Array.from({ length: white + 1 }, (_, n) => n / white);
  for (let i = 0, from = 0, to = 0; i < width * height; i++, from += channels, to += 3) {
    image.data[to] = scaled[samples[from] as number] as number;
    image.data[to + 1] = scaled[samples[from + green] as number] as number;
    image.data[to + 2] = scaled[samples[from + blue] as number] as number;
    if (hasAlpha) mask.data[i] = 1 - (scaled[samples[from + channels - 1] as number] as number);
  }
  return { image, mask };
}
