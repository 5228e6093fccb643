import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { parseJson } from "../run/json.js";
import { type Frame, FrameReader, writeFrame, writeFrameText } from "./frames.js";

function bytes(...frames: [unknown, ArrayBufferView[]][]): Buffer {
  const stream = new PassThrough();
  for (const [message, parts] of frames) writeFrame(stream, message, parts);
  return stream.read() as Buffer;
}
const two: [unknown, ArrayBufferView[]][] = [
  [{ text: "π" }, [Uint8Array.of(1, 2, 3), new Float32Array(0), Float32Array.of(1.5, -2)]],
  [[], []],
];

test.each([1, 7, 4096])("frames come out as they went in, cut into chunks of %i bytes", (size) => {
  const sent = bytes(...two);
  const reader = new FrameReader<unknown>();
  const frames = [];
  for (let i = 0; i < sent.length; i += size) frames.push(...reader.push(sent.subarray(i, i + size)));
  expect(frames.map(({ message }) => message)).toEqual([{ text: "π" }, []]);
  const [bytesPart, empty, floats] = (frames[0] as Frame<unknown>).parts as [Uint8Array, Uint8Array, Uint8Array];
  expect([...bytesPart]).toEqual([1, 2, 3]);
  expect(empty.length).toBe(0);
  expect(floats.byteOffset % 8).toBe(0);
  expect([...new Float32Array(floats.buffer, floats.byteOffset, 2)]).toEqual([1.5, -2]);
});

test("noise is refused before anything of its size is allocated", () => {
  expect(() => new FrameReader().push(Buffer.alloc(64, 0xff))).toThrow("a message claims");
});

test("parts that do not add up are refused", () => {
  const header = JSON.stringify({ message: 0, lengths: [1] });
  const prefix = Buffer.alloc(12);
  prefix.writeUInt32LE(header.length, 0);
  expect(() => new FrameReader().push(Buffer.concat([prefix, Buffer.from(header)]))).toThrow("do not add up");
});

test("messages may be written and read as another JSON, and readers may want less", () => {
  const stream = new PassThrough();
  writeFrameText(stream, '{"seed":18446744073709551615}', [new Uint8Array(9)]);
  const sent = stream.read() as Buffer;
  const parse = (text: string) => parseJson(text);
  expect(new FrameReader({ parse }).push(sent)[0]?.message).toEqual({ seed: 2n ** 64n - 1n });
  expect(() => new FrameReader({ maxParts: 8 }).push(sent)).toThrow("a message claims");
});
