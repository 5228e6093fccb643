import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "./decode.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "decode-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const flat = (background: string, width = 4, height = 3, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background } });

/** A PNG that says it is of another size. */
function claiming(png: Buffer, width: number, height: number): Buffer {
  const lying = Buffer.from(png);
  lying.writeUInt32BE(width, 16);
  lying.writeUInt32BE(height, 20);
  lying.writeUInt32BE(crc32(lying.subarray(12, 29)), 29);
  return lying;
}

describe("decoding", () => {
  test("gives sRGB in 0..1 and, without alpha, a 64×64 mask of zeros", async () => {
    const { image, mask } = await decodeImage(await flat("#ff8000").png().toBuffer());
    expect(image.dims).toEqual([1, 3, 4, 3]);
    expect([...image.data.subarray(0, 3)]).toEqual([1, Math.fround(128 / 255), 0]);
    expect(mask.dims).toEqual([1, 64, 64]);
    expect(mask.data.every((v) => v === 0)).toBe(true);
  });

  test("the mask is what alpha hides; colours under it stay", async () => {
    const pixels = Buffer.from([255, 0, 0, 255, 0, 255, 0, 0, 0, 0, 255, 51]);
    const png = await sharp(pixels, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const { image, mask } = await decodeImage(png);
    expect([...image.data]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(mask.dims).toEqual([1, 1, 3]);
    expect([...mask.data]).toEqual([0, 1, Math.fround(1 - Math.fround(51 / 255))]);
  });

  test("grey becomes three equal channels, 16 bits stay 16 bits", async () => {
    const values = new Uint16Array([0, 257, 300, 65535]);
    const png = await sharp(values, { raw: { width: 4, height: 1, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    const { image } = await decodeImage(png);
    expect(image.dims).toEqual([1, 1, 4, 3]);
    for (const [i, value] of values.entries()) {
      for (let c = 0; c < 3; c++) expect(image.data[i * 3 + c]).toBeCloseTo(value / 65535, 6);
    }
  });

  test("EXIF orientation is applied", async () => {
    const jpeg = await flat("#123456", 20, 10).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect((await decodeImage(jpeg)).image.dims).toEqual([1, 20, 10, 3]);
  });

  test.each(["gif", "webp"] as const)("the frames of a %s are a batch", async (format) => {
    const frames = await Promise.all(["#ff0000", "#00ff00", "#0000ff"].map((c) => flat(c).png().toBuffer()));
    const animated = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    const { image } = await decodeImage(animated);
    expect(image.dims).toEqual([3, 3, 4, 3]);
    for (let f = 0; f < 3; f++) expect([...image.data.subarray(f * 36, f * 36 + 3)].indexOf(1)).toBe(f);
    const limits = { pixels: 1e6, frames: 2, bytes: 1e6 };
    await expect(decodeImage(animated, { name: "x.gif", limits })).rejects.toThrow(
      "x.gif has 3 frames; the limit is 2",
    );
  });
});

describe("files that are refused, by name", () => {
  test("an empty file", async () => {
    const path = file("empty.png", "");
    await expect(decodeImage(path)).rejects.toThrow(`${path} is empty (0 bytes)`);
  });

  test("a truncated PNG and a truncated JPEG", async () => {
    const noise = sharp(Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 256)), {
      raw: { width: 64, height: 64, channels: 3 },
    });
    for (const format of ["png", "jpeg"] as const) {
      const whole = await noise.clone().toFormat(format).toBuffer();
      const path = file(`cut.${format}`, whole.subarray(0, whole.length / 2));
      await expect(decodeImage(path)).rejects.toThrow(`${path} cannot be decoded`);
    }
  });

  test("a header that claims four gigapixels, before anything of that size is allocated", async () => {
    const path = file("huge.png", claiming(await flat("#000000").png().toBuffer(), 65535, 65535));
    await expect(decodeImage(path)).rejects.toThrow(
      `${path} says it is 65535 × 65535: 4,294,836,225 pixels; the limit is 268,435,456`,
    );
  });

  test("SVG, however it begins, and other formats", async () => {
    const bomb = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;</svg>';
    for (const svg of [bomb, `\ufeff<?xml version="1.0"?>${bomb}`, "  <svg/>", "<!-- x --><svg/>"]) {
      await expect(decodeImage(file("drawing.png", svg))).rejects.toThrow(/drawing\.png is an SVG drawing/);
    }
    await expect(decodeImage(file("text.png", "hello"))).rejects.toThrow(/text\.png is not a picture/);
    await expect(decodeImage(file("old.bmp", "BM______"))).rejects.toThrow(/is a BMP picture/);
  });

  test("what is no regular file, or too large", async () => {
    await expect(decodeImage(folder)).rejects.toThrow(/not a file|EISDIR/);
    const path = file("some.png", await flat("#000000").png().toBuffer());
    const limits = { pixels: 100, frames: 1, bytes: 10 };
    await expect(decodeImage(path, { limits })).rejects.toThrow(/bytes; the limit is 10/);
  });

  test.skipIf(process.platform === "win32")("a pipe, without waiting for it", async () => {
    const pipe = join(folder, "pipe.png");
    execFileSync("mkfifo", [pipe]);
    await expect(decodeImage(pipe)).rejects.toThrow(`${pipe} is not a file`);
  });
});
