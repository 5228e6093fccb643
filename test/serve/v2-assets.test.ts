import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, onTestFinished, test } from "vitest";
import { filesIn } from "../command.js";
import { ask, showText, startServer, type TestServer, until } from "./server.js";

const png = (red: number) =>
  sharp({ create: { width: 8, height: 6, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png()
    .toBuffer();

/** Uploads as a browser's form does. */
async function upload(
  { url }: TestServer,
  bytes: Uint8Array | string,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
  headers: Record<string, string> = {},
) {
  const form = new FormData();
  const { buffer } = new Uint8Array(Buffer.from(bytes));
  for (const [name, values] of Object.entries({ content_type: "image/png", file_path: "photo.png", ...fields }))
    for (const value of typeof values === "string" ? [values] : values) form.append(name, value);
  form.append("file", new Blob([buffer]), "upload.bin");
  const answer = await fetch(`${url}/api/v2/assets`, { method: "POST", body: form, headers });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  return { status: answer.status, json: (await answer.json()) as any };
}

const content = async ({ url }: { readonly url: string }) => Buffer.from(await (await fetch(url)).arrayBuffer());
const stored = ({ data }: TestServer) => filesIn(join(data, "input"));
/** BLAKE3 of "hello", by its reference implementation. */
const HELLO = "blake3:ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f";

describe("an asset", () => {
  test("is kept with its hash, and its bytes once", async () => {
    const server = await startServer();
    const [red, blue] = [await png(255), await png(1)];
    const first = await upload(server, red, { tags: ["input", "mine"] });
    expect(first.status).toBe(201);
    expect(first.json).toMatchObject({
      hash: expect.stringMatching(/^blake3:[0-9a-f]{64}$/),
      size_bytes: red.length,
      content_type: "image/png",
      file_path: "photo.png",
      created_new: true,
      job_id: null,
      tags: ["input", "mine"],
    });
    const again = await upload(server, red, { file_path: "other.png" });
    expect([again.status, again.json.created_new, again.json.hash]).toEqual([200, false, first.json.hash]);
    expect(again.json.id).not.toBe(first.json.id);
    expect((await upload(server, blue)).status).toBe(201);
    expect(stored(server)).toHaveLength(2);
    for (const { json } of [first, again]) expect((await content(json)).equals(red)).toBe(true);
    const part = await fetch(first.json.url, { headers: { range: "bytes=1-3" } });
    expect([part.status, await part.text()]).toEqual([206, "PNG"]);
    const { created_new: _, ...kept } = first.json;
    expect((await ask(server, `/api/v2/assets/${first.json.id}`)).json).toEqual(kept);

    const text = await upload(server, "hello", { content_type: "text/html", file_path: "page.html" });
    expect(text.json).toMatchObject({ hash: HELLO, content_type: "text/html" });
    const { headers } = await ask(server, new URL(text.json.url).pathname);
    // A page of somebody's is a download, never a page.
    expect([headers["content-type"], headers["content-disposition"]]).toEqual([
      "application/octet-stream",
      'attachment; filename="page.html"',
    ]);
  });

  test("is found by its hash, and made of it without bytes", async () => {
    const server = await startServer();
    const { json } = await upload(server, "hello", { content_type: "text/plain", file_path: "a.txt" });
    const found = await ask(server, `/api/v2/assets/by-hash/${HELLO}`, { method: "HEAD" });
    expect([found.status, found.text]).toEqual([200, ""]);
    const none = HELLO.replace("ea", "eb");
    for (const hash of [none, "blake3:x", "sha256:00", "__proto__"])
      expect((await ask(server, `/api/v2/assets/by-hash/${hash}`, { method: "HEAD" })).status, hash).toBe(404);
    const make = (body: object) => ask(server, "/api/v2/assets/from-hash", { body });
    const made = await make({ hash: HELLO, file_path: "b.txt", tags: ["copy"] });
    expect([made.status, made.json.created_new, made.json.file_path]).toEqual([201, false, "b.txt"]);
    expect(made.json.id).not.toBe(json.id);
    const same = await make({ hash: HELLO, file_path: "b.txt", tags: ["copy"] });
    expect([same.status, same.json.id]).toEqual([200, made.json.id]);
    const missing = await make({ hash: none });
    expect([missing.status, missing.json.error.code]).toEqual([404, "blob_not_found"]);
    expect(stored(server)).toHaveLength(1);
  });

  test("is deleted alone; its bytes go with the last that has them", async () => {
    const server = await startServer();
    const one = (await upload(server, "hello")).json;
    expect(one.error.code).toBe("unsupported_media");
    const first = (await upload(server, "hello", { content_type: "text/plain" })).json;
    const second = (await upload(server, "hello", { content_type: "text/plain" })).json;
    const remove = async ({ id }: { id: string }) =>
      (await ask(server, `/api/v2/assets/${id}`, { method: "DELETE" })).status;
    expect([await remove(first), await remove(first)]).toEqual([204, 404]);
    expect((await content(second)).toString()).toBe("hello");
    expect(await remove(second)).toBe(204);
    expect(stored(server)).toEqual([]);
    expect((await ask(server, `/api/v2/assets/by-hash/${HELLO}`, { method: "HEAD" })).status).toBe(404);
  });

  test("that is not what it says is refused, and nothing is left", async () => {
    const server = await startServer();
    const code = async (...args: Parameters<typeof upload> extends [unknown, ...infer R] ? R : never) => {
      const { status, json } = await upload(server, ...args);
      return [status, json.error.code];
    };
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>';
    expect(await code(svg, { content_type: "image/svg+xml" })).toEqual([415, "unsupported_media"]);
    expect(await code(svg)).toEqual([415, "unsupported_media"]);
    expect(await code("hello", { content_type: "text/plain", expected_hash: HELLO.replace("ea", "eb") })).toEqual([
      409,
      "hash_mismatch",
    ]);
    expect(await code("hello", { content_type: "no type" })).toEqual([400, "invalid_request"]);
    expect((await ask(server, "/api/v2/assets", { body: "x", headers: { "content-type": "text/plain" } })).status).toBe(
      415,
    );
    expect(stored(server)).toEqual([]);
    const key = { "idempotency-key": "upload 1" };
    const plain = { content_type: "text/plain" };
    const sent = [await upload(server, "hello", plain, key), await upload(server, "hello", plain, key)];
    expect(sent[1]!.json.id).toBe(sent[0]!.json.id);
    expect(await code("other", plain, key)).toEqual([422, "idempotency_key_reuse"]);
    expect(stored(server)).toHaveLength(1);
  });

  test("whatever its name says, lies where uploads lie", async () => {
    const server = await startServer();
    for (const file_path of [
      "../../escape.txt",
      "/etc/passwd",
      "models/checkpoints/x.safetensors",
      "a\r\nSet-Cookie: x",
    ]) {
      const { json } = await upload(server, `bytes of ${file_path}`, { content_type: "text/plain", file_path });
      expect(json.file_path).toBe(file_path);
      const { status, headers } = await ask(server, new URL(json.url).pathname);
      expect([status, headers["set-cookie"]], file_path).toEqual([200, undefined]);
    }
    for (const path of stored(server)) expect(path).toMatch(/input\/\.assets\/[0-9a-f-]{36}(\.\w+)?$/);
  });
});

test("a workflow reads an asset by its id, and what jobs make are assets", async () => {
  const server = await startServer();
  const { json: asset } = await upload(server, await png(200));
  const image = (id: string) => ({ __type: "core/ASSET", info: { id } });
  const flip = (id: string) => ({
    1: { class_type: "LoadImage", inputs: { image: image(id) } },
    2: { class_type: "ImageFlip", inputs: { image: ["1", 0], flip_method: "y-axis: horizontally" } },
    3: { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "flipped" } },
  });
  const run = async (id: string) => {
    const { status, json, text } = await ask(server, "/api/v2/jobs", { body: { workflow: flip(id) } });
    expect(status, text).toBe(201);
    const done = await until(
      () => ask(server, json.urls.self),
      (answer) => answer.json.completed_at !== null,
    );
    expect(done.json.status).toBe("succeeded");
    return done.json;
  };
  const job = await run(asset.id);
  const [output] = job.outputs;
  expect(output).toMatchObject({ name: "flipped_00001_.png", type: "image", node_id: "3", hash: null });
  const { width, height } = await sharp(await content(output)).metadata();
  expect([width, height]).toEqual([8, 6]);

  // An output is read by another job, has a hash once it is asked for, and goes with its job only.
  expect((await run(output.id)).outputs).toHaveLength(1);
  const { json: made } = await ask(server, `/api/v2/assets/${output.id}`);
  expect(made).toMatchObject({ id: output.id, job_id: job.id, hash: expect.stringMatching(/^blake3:/) });
  const copy = await ask(server, "/api/v2/assets/from-hash", { body: { hash: made.hash, file_path: "copy.png" } });
  expect((await content(copy.json)).equals(await content(output))).toBe(true);
  const kept = await ask(server, `/api/v2/assets/${output.id}`, { method: "DELETE" });
  expect([kept.status, kept.json.error.code]).toEqual([409, "asset_in_use"]);
  expect(
    (await ask(server, `/api/v2/assets?job_id=${job.id}`)).json.assets.map(({ id }: { id: string }) => id),
  ).toEqual([output.id]);
  await ask(server, "/history", { body: { delete: [job.id] } });
  expect((await ask(server, `/api/v2/assets/${output.id}`)).status).toBe(404);
  expect((await content(copy.json)).length).toBeGreaterThan(50);

  const missing = await ask(server, "/api/v2/jobs", { body: { workflow: flip(randomUUID()) } });
  expect([missing.status, missing.json.error.code]).toEqual([422, "missing_asset"]);
});

test("assets are listed, the newest first, those of jobs nobody asked about too", async () => {
  const server = await startServer();
  const upload1 = (await upload(server, "one", { content_type: "text/plain", tags: "mine" })).json.id;
  const { json: job } = await ask(server, "/prompt", { body: { prompt: showText("shown") } });
  await until(
    () => ask(server, `/api/v2/jobs/${job.prompt_id}`),
    ({ json }) => json.status === "succeeded",
  );
  const list = async (query: string) => (await ask(server, `/api/v2/assets?${query}`)).json;
  const { assets, pagination } = await list("");
  expect(assets).toMatchObject([
    { job_id: job.prompt_id, content_type: "text/plain", tags: ["output"] },
    { id: upload1 },
  ]);
  expect(pagination).toEqual({ offset: 0, limit: 100, total: 2, has_more: false });
  expect((await content(assets[0])).toString()).toBe("shown");
  expect((await list("tag=mine")).assets).toHaveLength(1);
  expect(await list("limit=1&offset=1")).toMatchObject({ assets: [{ id: upload1 }], pagination: { has_more: false } });
  expect((await ask(server, "/api/v2/assets?limit=x")).status).toBe(400);
});

test("an asset is fetched from a URL, through the guard", async () => {
  const picture = await png(7);
  const site = createServer((request, response) => {
    if (request.url === "/away") response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    else if (request.url === "/gone") response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "image/png; charset=x" }).end(picture);
  });
  await new Promise<void>((ready) => site.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void site.close());
  const at = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const headers = { "content-type": "application/json" };
  const fetched = (server: TestServer, url: string) => ask(server, "/api/v2/assets", { body: { url }, headers });
  const open = await startServer(["--allow-private-urls"]);
  const { status, json } = await fetched(open, `${at}/pictures/cat.png`);
  expect([status, json.file_path, json.content_type]).toEqual([201, "cat.png", "image/png"]);
  expect((await content(json)).equals(picture)).toBe(true);
  for (const path of ["/away", "/gone"]) {
    const refused = await fetched(open, at + path);
    expect([refused.status, refused.json.error.code], path).toEqual([422, "url_refused"]);
  }
  const closed = await startServer();
  const refused = await fetched(closed, `${at}/pictures/cat.png`);
  expect([refused.status, refused.json.error.code]).toEqual([422, "url_refused"]);
  expect(stored(closed)).toEqual([]);
});
