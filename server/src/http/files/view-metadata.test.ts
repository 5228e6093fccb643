import { afterAll, beforeAll, expect, test } from "vitest";
import { type FileServer, serveFiles } from "./file-server.fixture.js";

let files: FileServer;
beforeAll(async () => {
  files = await serveFiles();
});
afterAll(() => files.close());

/** A file that starts as a `.safetensors` file does, and has no tensors. */
function safetensors(header: string, length = Buffer.byteLength(header)): Buffer {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([start, Buffer.from(header)]);
}

const metadata = async (name: string, kind = "loras") => {
  const { status, body } = await files.ask(`/view_metadata/${kind}?filename=${encodeURIComponent(name)}`);
  return { status, body: JSON.parse(body.toString()) };
};

test("a model's own notes are shown, from sub-folders of either system", async () => {
  files.put("models/loras/sub/a.safetensors", safetensors('{"__metadata__":{"ss_tag":"猫","__proto__":"x"}}'));
  for (const name of ["sub/a.safetensors", "sub\\a.safetensors"]) {
    const { status, body } = await metadata(name);
    expect([status, Object.entries(body)]).toEqual([
      200,
      [
        ["ss_tag", "猫"],
        ["__proto__", "x"],
      ],
    ]);
  }
});

test.each<[string, string | Buffer]>([
  ["without-notes.safetensors", safetensors("{}")],
  ["notes-of-no-text.safetensors", safetensors('{"__metadata__":{"a":{"b":1}}}')],
  ["no-json.safetensors", safetensors("{,}")],
  ["empty.safetensors", ""],
  ["truncated.safetensors", safetensors("{}", 1000)],
  ["enormous.safetensors", safetensors("{}", 2 ** 40)],
  ["long-header.safetensors", safetensors(`{"__metadata__":{"a":"${"x".repeat(9 * 2 ** 20)}"}}`)],
  ["page.safetensors", "<!doctype html><title>Not found</title>"],
  ["pickle.ckpt", "\x80\x02}q\x00."],
])("%s has none that can be read", async (name, content) => {
  files.put(`models/loras/${name}`, content);
  const { status, body } = await metadata(name);
  expect(status).toBe(404);
  expect(JSON.stringify(body)).not.toContain(files.data);
});

test("neither a model that is not there nor a kind that is none has any", async () => {
  expect((await metadata("gone.safetensors")).status).toBe(404);
  expect((await metadata("a.safetensors", "nothing")).status).toBe(404);
  expect((await metadata("a.safetensors", "a%20b")).status).toBe(400);
  expect(files.faults).toEqual([]);
});
