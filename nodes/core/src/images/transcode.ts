import { open } from "node:fs/promises";
import type { Sharp } from "sharp";
import { checkHeader, DECODE_LIMITS, type DecodeLimits } from "./decode.js";
import { readPictureText, withPictureText } from "./picture-text.js";
import { sniff } from "./sniff.js";

/** What a copy of a picture is to be. `a`: black, with the picture's alpha; a picture without alpha is opaque. */
export interface Transcoding {
  readonly format: "png" | "jpeg" | "webp";
  readonly channels: "rgba" | "rgb" | "a";
  /** 1 to 100, for JPEG and WebP; 90 unless said otherwise. */
  readonly quality?: number;
}

interface Checks {
  readonly name?: string;
  readonly limits?: DecodeLimits;
}

/** WebP's and JPEG's own bounds on a side. */
const LONGEST_SIDE = { webp: 16383, jpeg: 65535, png: Number.POSITIVE_INFINITY } as const;

/** Throws, naming `name`, unless a file's first bytes and header are those of a picture within the limits. No pixel is decoded. */
export async function checkPicture(path: string, { name = path, limits = DECODE_LIMITS }: Checks = {}): Promise<void> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    sniff(buffer.subarray(0, bytesRead), name);
  } finally {
    await file.close();
  }
  const { default: sharp } = await import("sharp");
  // libvips would keep the last twenty files open: what is refused and removed would go on taking room on the disk.
  sharp.cache({ files: 0 });
  const header = await sharp(path, { limitInputPixels: false }).metadata().catch(unreadable(name));
  checkHeader(name, header, limits);
}

const unreadable =
  (name: string) =>
  (cause: unknown): never => {
    throw new Error(`${name} cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  };

/** The first picture of a file, upright and in 8-bit sRGB, to be decoded when it is asked for. Throws as `checkPicture` does. */
async function upright(bytes: Uint8Array, { name = "the picture", limits = DECODE_LIMITS }: Checks): Promise<Sharp> {
  sniff(bytes, name);
  const { default: sharp } = await import("sharp");
  const header = await sharp(bytes, { limitInputPixels: false }).metadata().catch(unreadable(name));
  checkHeader(name, header, limits);
  return sharp(bytes, { limitInputPixels: limits.pixels, failOn: "error", pages: 1 })
    .autoOrient()
    .toColourspace("srgb");
}

const alphaOf = (picture: Sharp) =>
  picture.ensureAlpha().extractChannel("alpha").raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });

/**
 * A copy of an encoded picture (of an animation, its first frame) in another format, without its metadata. Throws,
 * naming it, for what `decodeImage` refuses.
 */
export async function transcode(bytes: Uint8Array, wanted: Transcoding, checks: Checks = {}): Promise<Buffer> {
  const { format, channels, quality = 90 } = wanted;
  const picture = await upright(bytes, checks);
  const side = LONGEST_SIDE[format];
  const made =
    channels === "a" ? shadow(picture) : Promise.resolve(channels === "rgb" ? picture.removeAlpha() : picture);
  return made
    .then((copy) =>
      (Number.isFinite(side)
        ? copy.resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
        : copy
      )
        .toFormat(format, format === "png" ? { compressionLevel: 4 } : { quality })
        .toBuffer(),
    )
    .catch(unreadable(checks.name ?? "the picture"));
}

/** A black picture with the alpha of another. */
async function shadow(picture: Sharp): Promise<Sharp> {
  const { data, info } = await alphaOf(picture);
  const { default: sharp } = await import("sharp");
  const raw = { width: info.width, height: info.height, channels: 1 } as const;
  const create = { width: info.width, height: info.height, channels: 3, background: "black" } as const;
  return sharp({ create, limitInputPixels: false }).joinChannel(data, { raw });
}

/**
 * The colours of one picture with the alpha of another of the same size, as a PNG that keeps the first one's texts
 * (`prompt`, `workflow`). Throws when their sizes differ, and for what `decodeImage` refuses.
 */
export async function withAlphaOf(
  original: { readonly bytes: Buffer; readonly name: string },
  mask: { readonly bytes: Uint8Array; readonly name: string },
  limits: DecodeLimits = DECODE_LIMITS,
): Promise<Buffer> {
  const alpha = await alphaOf(await upright(mask.bytes, { name: mask.name, limits })).catch(unreadable(mask.name));
  const colours = (await upright(original.bytes, { name: original.name, limits })).removeAlpha();
  const { data, info } = await colours
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch(unreadable(original.name));
  const { width, height, channels } = info;
  if (width !== alpha.info.width || height !== alpha.info.height) {
    throw new Error(
      `${mask.name} is ${alpha.info.width} × ${alpha.info.height}, but ${original.name} is ${width} × ${height}: ` +
        "a mask must have its picture's size",
    );
  }
  const { default: sharp } = await import("sharp");
  const png = await sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
    .joinChannel(alpha.data, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 4 })
    .toBuffer();
  return withPictureText(png, readPictureText(original.bytes));
}
