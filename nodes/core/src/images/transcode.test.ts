import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { readPictureText, withPictureText } from "./picture-text.js";
import { checkPicture, transcode, withAlphaOf } from "./transcode.js";

const folder = mkdtempSync(join(tmpdir(), "transcode-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 2 × 1: half-transparent red, and opaque green. */
const rgba = sharp(Buffer.from([255, 0, 0, 128, 0, 255, 0, 255]), { raw: { width: 2, height: 1, channels: 4 } });
const png = await rgba.png().toBuffer();
const pixels = async (file: Buffer) => [...(await sharp(file).raw().toBuffer())];

/** A PNG of any size, whose header is right and whose pixels are missing. */
function bomb(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const data = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

describe("a copy", () => {
  test("without alpha keeps the colours that alpha hid", async () => {
    const copy = await transcode(png, { format: "png", channels: "rgb" });
    expect(await pixels(copy)).toEqual([255, 0, 0, 0, 255, 0]);
  });

  test("of alpha alone is black", async () => {
    const copy = await transcode(png, { format: "png", channels: "a" });
    expect(await pixels(copy)).toEqual([0, 0, 0, 128, 0, 0, 0, 255]);
  });

  test("of alpha is opaque where there is none, and right for grey pictures", async () => {
    const raw = { width: 2, height: 1 } as const;
    const opaque = await sharp(Buffer.from([1, 2, 3, 4, 5, 6]), { raw: { ...raw, channels: 3 } })
      .png()
      .toBuffer();
    const grey = await sharp(Buffer.from([9, 7, 9, 200]), { raw: { ...raw, channels: 2 } })
      .png()
      .toBuffer();
    const alpha = async (file: Buffer) =>
      (await pixels(await transcode(file, { format: "png", channels: "a" }))).filter((_, i) => i % 4 === 3);
    expect(await alpha(opaque)).toEqual([255, 255]);
    expect(await alpha(grey)).toEqual([7, 200]);
  });

  test.each(["webp", "jpeg"] as const)("as %s is of that format and size, without metadata", async (format) => {
    const source = await rgba
      .clone()
      .withExif({ IFD0: { Copyright: "secret" } })
      .png()
      .toBuffer();
    const copy = await transcode(source, { format, channels: "rgb", quality: 50 });
    expect(await sharp(copy).metadata()).toMatchObject({ format, width: 2, height: 1 });
    expect(copy.toString("latin1")).not.toContain("secret");
  });

  test("is upright", async () => {
    const turned = await rgba.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const copy = await transcode(turned, { format: "webp", channels: "rgba" });
    expect(await sharp(copy).metadata()).toMatchObject({ width: 1, height: 2 });
  });

  test("of what is no picture, broken or too large is refused", async () => {
    const wanted = { format: "webp", channels: "rgba" } as const;
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(transcode(svg, wanted, { name: "x.png" })).rejects.toThrow(/x\.png is an SVG/);
    await expect(transcode(bomb(100, 100), wanted, { name: "x.png" })).rejects.toThrow(/x\.png cannot be decoded/);
    await expect(transcode(bomb(50000, 50000), wanted, { name: "x.png" })).rejects.toThrow(/50000 × 50000.*limit/);
  });
});

describe("a mask's alpha", () => {
  const mask = { bytes: png, name: "mask.png" };

  test("goes onto the picture's colours, and the picture's texts stay", async () => {
    const plain = await sharp(Buffer.from([10, 20, 30, 40, 50, 60]), { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toBuffer();
    const original = withPictureText(plain, [["workflow", '{"nodes":[]}']]);
    const made = await withAlphaOf({ bytes: original, name: "x.png" }, mask);
    expect(await pixels(made)).toEqual([10, 20, 30, 128, 40, 50, 60, 255]);
    expect(readPictureText(made).get("workflow")).toBe('{"nodes":[]}');
  });

  test("takes the place of the alpha that was there", async () => {
    const clear = await sharp(Buffer.from([9, 9, 9, 0, 9, 9, 9, 0]), { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect(await pixels(await withAlphaOf({ bytes: clear, name: "x.png" }, mask))).toEqual([
      9, 9, 9, 128, 9, 9, 9, 255,
    ]);
  });

  test("must be of the picture's size", async () => {
    const larger = await sharp(png).resize(4, 4).png().toBuffer();
    await expect(withAlphaOf({ bytes: larger, name: "x.png" }, mask)).rejects.toThrow(/2 × 1, but x\.png is 4 × 4/);
  });
});

describe("checking a picture's header", () => {
  const put = (bytes: Buffer) => {
    const path = join(folder, "x");
    writeFileSync(path, bytes);
    return path;
  };

  test("passes pictures, even broken further on", async () => {
    await checkPicture(put(png));
    await checkPicture(put(bomb(100, 100)));
  });

  test("refuses too many pixels, too many frames, and what is no picture", async () => {
    await expect(checkPicture(put(bomb(65535, 65535)), { name: "x.png" })).rejects.toThrow(/x\.png says it is 65535/);
    const gif = await sharp([png, await rgba.clone().negate().png().toBuffer()], { join: { animated: true } })
      .gif()
      .toBuffer();
    const limits = { pixels: 100, frames: 1, bytes: 1000 };
    await expect(checkPicture(put(gif), { name: "x.gif", limits })).rejects.toThrow(/2 frames; the limit is 1/);
    await expect(checkPicture(put(Buffer.from("<html>")), { name: "x.png" })).rejects.toThrow(/not a picture/);
    await expect(checkPicture(put(png.subarray(0, 12)), { name: "x.png" })).rejects.toThrow(/cannot be decoded/);
  });
});
