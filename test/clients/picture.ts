import sharp from "sharp";
import { expect } from "vitest";

/** Expects a picture, as a file or bytes, that is decoded whole and shows something. */
export async function expectPicture(
  picture: string | Buffer,
  wanted: { readonly format?: string; readonly width?: number; readonly height?: number },
): Promise<void> {
  const { format, width, height } = await sharp(picture).metadata();
  expect({ format, width, height }).toMatchObject(wanted);
  const { channels } = await sharp(picture).stats();
  // One colour all over would be a picture too, but not of anything.
  expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(10);
}
