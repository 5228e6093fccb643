import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readPngText, withPngText } from "./png-text.js";

const png = (): Promise<Buffer> =>
  sharp({ create: { width: 3, height: 2, channels: 3, background: "#204060" } })
    .png()
    .toBuffer();

/** A chunk with a wrong checksum: readers of text do not mind. */
function rawChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type, "latin1"), data, Buffer.alloc(4)]);
}

const insert = (base: Buffer, chunk: Buffer): Buffer => Buffer.concat([base.subarray(0, 33), chunk, base.subarray(33)]);

describe("text in PNG files", () => {
  test("what is written is read back, Latin-1 or not, and the picture stays the same", async () => {
    const base = await png();
    const entries: [string, string][] = [
      ["prompt", '{"a":1}'],
      ["workflow", "été".repeat(1000)],
      ["comment", "絵文字 🎨"],
      ["empty", ""],
    ];
    const written = withPngText(base, entries);
    expect([...readPngText(written)]).toEqual(entries);
    expect(await sharp(written, { failOn: "warning" }).raw().toBuffer()).toEqual(await sharp(base).raw().toBuffer());
  });

  test("a text takes the place of the one under its key, and other chunks stay", async () => {
    const first = withPngText(await png(), [
      ["prompt", "old"],
      ["comment", "kept"],
    ]);
    const { comments } = await sharp(withPngText(first, [["prompt", "new"]])).metadata();
    expect(comments).toEqual([
      { keyword: "prompt", text: "new" },
      { keyword: "comment", text: "kept" },
    ]);
  });

  test("other readers see the text", async () => {
    const { comments } = await sharp(withPngText(await png(), [["prompt", "{}"]])).metadata();
    expect(comments).toContainEqual({ keyword: "prompt", text: "{}" });
  });

  test("keys that PNG does not allow are left out", async () => {
    const bad = ["", "x".repeat(80), "a\0b", "日本", " padded", "line\nbreak"];
    const written = withPngText(
      await png(),
      bad.map((key) => [key, "text"]),
    );
    expect(readPngText(written).size).toBe(0);
  });

  test("compressed texts are read, within bounds", async () => {
    const base = await png();
    const zipped = insert(base, rawChunk("zTXt", Buffer.concat([Buffer.from("k\0\0"), deflateSync("packed")])));
    expect(readPngText(zipped).get("k")).toBe("packed");
    const bomb = deflateSync(Buffer.alloc(80 * 2 ** 20), { level: 1 });
    expect(readPngText(insert(base, rawChunk("zTXt", Buffer.concat([Buffer.from("k\0\0"), bomb])))).size).toBe(0);
  });

  test("broken files give what they have, never an exception", async () => {
    const whole = withPngText(await png(), [["prompt", "{}"]]);
    for (let length = 0; length < whole.length; length++) readPngText(whole.subarray(0, length));
    const lying = insert(await png(), Buffer.from([255, 255, 255, 255, ...Buffer.from("tEXtk")]));
    expect(readPngText(lying).size).toBe(0);
    expect(readPngText(insert(await png(), rawChunk("iTXt", Buffer.from("k\0\0\0en")))).size).toBe(0);
    expect(() => withPngText(Buffer.from("not a png"), [])).toThrow(/PNG/);
  });
});
