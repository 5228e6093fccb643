import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, crc32, deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { ask, dataFolder, entryOf, startServer } from "../serve/server.js";
import { formOf } from "./people.js";
import { changing, filled, nameOf } from "./routes.js";

/** More than a body may have, unpacked. */
const LARGE = Buffer.alloc(65 * 2 ** 20, " ");

test.each([
  ["gzip", gzipSync(LARGE)],
  ["deflate", deflateSync(LARGE)],
  ["br", brotliCompressSync(LARGE)],
])("a small body that unpacks to a large one is refused by every route that reads one: %s", async (encoding, body) => {
  const server = await startServer();
  for (const route of changing) {
    const headers = { "content-encoding": encoding, "content-length": String(body.length) };
    const { status } = await ask(server, filled(route.path), { method: route.method.toUpperCase(), headers, body });
    expect([nameOf(route), status >= 400 && status < 500, status]).toEqual([nameOf(route), true, status]);
  }
  expect((await ask(server, "/health")).status).toBe(200);
});

const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } });

/** A PNG that says it is 60,000 × 60,000, its checksum in order. */
async function hugePng(): Promise<Buffer> {
  const png = await dot.clone().png().toBuffer();
  png.writeUInt32BE(60_000, 16);
  png.writeUInt32BE(60_000, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

/** A JPEG that says it is 65,500 × 65,500. */
async function hugeJpeg(): Promise<Buffer> {
  const jpeg = await dot.clone().jpeg().toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(65_500, frame + 5);
  jpeg.writeUInt16BE(65_500, frame + 7);
  return jpeg;
}

/** An animated WebP that says its canvas is 2^24 pixels wide and high. */
async function hugeWebp(): Promise<Buffer> {
  const still = (await dot.clone().webp({ lossless: true }).toBuffer()).subarray(12);
  const chunk = (name: string, data: Buffer) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(data.length);
    return Buffer.concat([Buffer.from(name), size, data]);
  };
  const canvas = Buffer.from([2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  const frame = chunk("ANMF", Buffer.concat([Buffer.alloc(16), still]));
  const body = Buffer.concat([Buffer.from("WEBP"), chunk("VP8X", canvas), chunk("ANIM", Buffer.alloc(6)), frame]);
  return chunk("RIFF", body);
}

/** A GIF of one pixel whose only frame comes so many times. */
async function gifOf(frames: number): Promise<Buffer> {
  const gif = await dot.clone().gif().toBuffer();
  const first = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]));
  const frame = gif.subarray(first, -1);
  return Buffer.concat([gif.subarray(0, first), ...Array<Buffer>(frames).fill(frame), gif.subarray(-1)]);
}

test.each([
  ["a PNG of enormous size", "bomb.png", hugePng],
  ["a JPEG of enormous size", "bomb.jpg", hugeJpeg],
  ["a WebP of enormous size", "bomb.webp", hugeWebp],
  ["a GIF of 5,000 frames", "bomb.gif", () => gifOf(5000)],
])(
  "%s is refused as an upload and a mask's original, and is no node's picture, nor as an asset",
  async (_, name, bytes) => {
    const data = dataFolder();
    mkdirSync(join(data, "input"), { recursive: true });
    writeFileSync(join(data, "input", name), await bytes());
    const server = await startServer([], { data });
    const upload = await ask(server, "/upload/image", formOf(`sent-${name}`, await bytes()));
    expect([upload.status, upload.text.includes(data)]).toEqual([415, false]);
    const png = await dot.clone().png().toBuffer();
    const ref = { original_ref: JSON.stringify({ filename: name, type: "input" }) };
    expect((await ask(server, "/upload/mask", formOf("mask.png", png, ref))).status).toBe(415);
    // Assets are kept as they come; nobody decodes them before a node does.
    const { json: asset } = await ask(server, "/api/v2/assets", formOf(name, await bytes(), {}, "file"));
    const load = (image: unknown) => ({
      1: { class_type: "LoadImage", inputs: { image } },
      2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    });
    const jobs = [
      (await ask(server, "/prompt", { body: { prompt: load(name) } })).json.prompt_id,
      (
        await ask(server, "/api/v2/jobs", {
          body: { workflow: load({ __type: "core/ASSET", info: { id: asset.id } }) },
        })
      ).json.id,
    ];
    for (const id of jobs) {
      const { status } = await entryOf(server, id);
      expect(status.status_str).toBe("error");
      // The node refused: no worker died of it.
      expect(JSON.stringify(status.messages)).toMatch(/"node_type":"LoadImage"/);
      expect(JSON.stringify(status.messages)).not.toContain(data);
    }
  },
);

test("a GIF of ten frames, made in the same way, is taken", async () => {
  const server = await startServer();
  expect((await ask(server, "/upload/image", formOf("small.gif", await gifOf(10)))).status).toBe(200);
});

test.each([
  ["a PNG", "bomb.png", hugePng],
  ["a JPEG", "bomb.jpg", hugeJpeg],
  ["a WebP", "bomb.webp", hugeWebp],
])("%s of enormous size has no lighter copy", async (_, name, bytes) => {
  const data = dataFolder();
  mkdirSync(join(data, "output"), { recursive: true });
  writeFileSync(join(data, "output", name), await bytes());
  const server = await startServer([], { data });
  for (const query of ["preview=webp;90", "channel=rgb", "channel=a"])
    expect([query, (await ask(server, `/view?filename=${name}&${query}`)).status]).toEqual([query, 415]);
});

test("texts of a picture that unpack to hundreds of megabytes are left out of what is made of it", async () => {
  const plain = await dot.clone().png().toBuffer();
  const data = Buffer.concat([Buffer.from("prompt\0\0", "latin1"), deflateSync(Buffer.alloc(200 * 2 ** 20))]);
  const body = Buffer.concat([Buffer.from("zTXt"), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  const bomb = Buffer.concat([plain.subarray(0, 33), size, body, sum, plain.subarray(33)]);
  const server = await startServer();
  expect((await ask(server, "/upload/image", formOf("bomb.png", bomb))).status).toBe(200);
  const ref = { original_ref: JSON.stringify({ filename: "bomb.png", type: "input" }) };
  const { status, json } = await ask(server, "/upload/mask", formOf("mask.png", plain, ref));
  expect(status).toBe(200);
  const made = await ask(server, `/view?type=input&filename=${json.name}`);
  expect(Number(made.headers["content-length"])).toBeLessThan(10_000);
});

test("JSON that is nested without end, in prompts, forms and settings", async () => {
  const server = await startServer();
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const png = await dot.clone().png().toBuffer();
  for (const [path, asking] of [
    ["/prompt", { body: `{"prompt":${deep}}` }],
    ["/api/v2/jobs", { body: `{"workflow":{"a":${deep}}}` }],
    ["/settings", { body: `{"a":${deep}}` }],
    ["/upload/mask", formOf("mask.png", png, { original_ref: deep.slice(0, 60_000) })],
  ] as const) {
    const { status } = await ask(server, path, asking);
    expect([path, status >= 400 && status < 500]).toEqual([path, true]);
  }
  expect((await ask(server, "/health")).status).toBe(200);
});
