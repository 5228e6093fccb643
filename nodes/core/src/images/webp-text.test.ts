import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readWebpText, withWebpText } from "./webp-text.js";

const picture = (alpha: boolean) =>
  sharp({
    create: { width: 37, height: 21, channels: alpha ? 4 : 3, background: { r: 200, g: 30, b: 90, alpha: 0.5 } },
  });
const pixels = (file: Buffer) => sharp(file).raw().toBuffer();
const TEXTS = [
  ["prompt", '{"1":{"class_type":"KSampler","inputs":{"seed":18446744073709551615}}}'],
  ["workflow", '{"nodes":[],"title":"ünïcode 画"}'],
  ["x", ""],
] as const;

describe("texts in WebP", () => {
  test.each([
    ["lossy", picture(false).webp()],
    ["lossy with alpha", picture(true).webp()],
    ["lossless", picture(false).webp({ lossless: true })],
    ["lossless with alpha", picture(true).webp({ lossless: true })],
  ])("are read back from a %s picture, whose pixels stay", async (_, encoder) => {
    const plain = await encoder.toBuffer();
    const written = withWebpText(plain, TEXTS);
    expect([...readWebpText(written)].sort()).toEqual([...TEXTS].map((entry) => [...entry]).sort());
    expect(await pixels(written)).toEqual(await pixels(plain));
    expect(await sharp(written).metadata()).toMatchObject({ width: 37, height: 21, format: "webp" });
  });

  test("join the EXIF that is there, and replace texts of the same key", async () => {
    const tagged = await picture(false)
      .withExif({ IFD0: { Copyright: "somebody", Software: "a camera" }, IFD2: { ExposureTime: "1/50" } })
      .webp()
      .toBuffer();
    const twice = withWebpText(withWebpText(tagged, [["prompt", "old"]]), [["prompt", "new"]]);
    expect(readWebpText(twice).get("prompt")).toBe("new");
    const exif = (await sharp(twice).metadata()).exif?.toString("latin1");
    expect(exif).toContain("somebody");
    expect(exif).toContain("a camera");
  });

  test("are what other writers put into the camera's make and model", async () => {
    const file = await picture(false)
      .withExif({ IFD0: { Make: 'workflow:{"nodes":[]}', Model: 'prompt:{"1":{}}' } })
      .webp()
      .toBuffer();
    expect(readWebpText(file)).toEqual(
      new Map([
        ["workflow", '{"nodes":[]}'],
        ["prompt", '{"1":{}}'],
      ]),
    );
  });

  test("a cut or spoilt file is read without a throw, and other files are refused", async () => {
    const written = withWebpText(await picture(true).webp().toBuffer(), TEXTS);
    for (let length = 0; length < written.length; length++) readWebpText(written.subarray(0, length));
    for (let at = 0; at < written.length; at++) {
      const spoilt = Buffer.from(written);
      spoilt[at]! ^= 0xff;
      readWebpText(spoilt);
    }
    expect(readWebpText(Buffer.from("no picture")).size).toBe(0);
    expect(() => withWebpText(Buffer.from("no picture"), TEXTS)).toThrow("not a WebP");
  });
});
