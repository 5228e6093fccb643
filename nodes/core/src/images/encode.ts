import type { Sharp } from "sharp";
import type { Image } from "../sockets.js";
import { imageDims } from "./allocate.js";

/** One picture of a batch as interleaved bytes. */
export interface Bytes {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/**
 * One picture of a batch as 8-bit samples: clamped to 0..1, times 255, cut off (not rounded), as ComfyUI saves.
 * Throws on NaN, saying where: a black picture would hide that a model broke.
 */
function toBytes(image: Image, index: number): Bytes {
  const [batch, height, width, channels] = imageDims(image);
  if (channels > 4) throw new Error(`a picture has 1 to 4 channels; this has ${channels}`);
  if (index >= batch) throw new Error(`the batch has ${batch} pictures; there is no number ${index}`);
  const size = height * width * channels;
  const from = image.data.subarray(index * size, (index + 1) * size);
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const scaled = (from[i] as number) * 255;
    data[i] = Math.min(Math.max(scaled, 0), 255);
    if (Number.isNaN(scaled)) {
      const pixel = Math.floor(i / channels);
      throw new Error(
        `picture ${index + 1} of ${batch} is not a number (NaN) at x ${pixel % width}, y ${Math.floor(pixel / width)}; ` +
          "whatever made it overflowed: try another VAE, full precision or a lower CFG",
      );
    }
  }
  return { data, width, height, channels: channels as Bytes["channels"] };
}

async function picture(image: Image, index: number): Promise<Sharp> {
  const { data, ...raw } = toBytes(image, index);
  const { default: sharp } = await import("sharp");
  return sharp(data, { raw, limitInputPixels: false });
}

/** One picture of a batch as an 8-bit PNG. `compression` is zlib's, 0 to 9. Throws on NaN. */
export const encodePng = async (image: Image, index: number, compression = 4): Promise<Buffer> =>
  (await picture(image, index)).png({ compressionLevel: compression, adaptiveFiltering: compression > 1 }).toBuffer();

/** One picture of a batch as a JPEG no larger than `side` in either direction, for previews. Throws on NaN. */
export const encodePreview = async (image: Image, index: number, side = 512, quality = 90): Promise<Buffer> =>
  (await picture(image, index))
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality })
    .toBuffer();
