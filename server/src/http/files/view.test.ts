import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileServer, pixelsOf, pngOf, serveFiles } from "./file-server.fixture.js";

let files: FileServer;
let png: Buffer;
beforeAll(async () => {
  files = await serveFiles();
  png = await pngOf(4, 2, 10, 20, 30, 40);
  files.put("output/a.png", png);
  files.put("output/sub/b.png", png);
  files.put("input/c.png", png);
  files.put("temp/d.png", png);
});
afterAll(() => files.close());

const view = (query: Record<string, string>, headers = {}) =>
  files.ask(`/view?${new URLSearchParams(query)}`, { headers });

describe("a picture", () => {
  test.each([
    [{ filename: "a.png" }],
    [{ filename: "b.png", subfolder: "sub" }],
    [{ filename: "sub/b.png" }],
    [{ filename: "c.png", type: "input" }],
    [{ filename: "c.png [input]", type: "output" }],
    [{ filename: "d.png", type: "temp", subfolder: "" }],
  ])("is shown for %j", async (query) => {
    const { status, headers, body } = await view(query as unknown as Record<string, string>);
    expect(status).toBe(200);
    expect(body.equals(png)).toBe(true);
    expect(headers).toMatchObject({
      "content-type": "image/png",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "cache-control": "private, no-cache",
      "content-disposition": expect.stringMatching(/^inline; filename="[a-d]\.png"$/),
    });
  });

  test("is served under /api too, and to HEAD without a body", async () => {
    const { status, headers, body } = await files.ask("/api/view?filename=a.png", { method: "HEAD" });
    expect([status, headers["content-length"], body.length]).toEqual([200, String(png.length), 0]);
  });

  test("is known by its content, whatever its name says", async () => {
    files.put("output/page.html", png);
    expect((await view({ filename: "page.html" })).headers["content-type"]).toBe("image/png");
  });

  test("is not sent twice to who has it, and is when it changes", async () => {
    files.put("output/changing.png", png);
    const { headers } = await view({ filename: "changing.png" });
    const again = { "if-none-match": headers.etag as string };
    expect((await view({ filename: "changing.png" }, again)).status).toBe(304);
    files.put("output/changing.png", await pngOf(9, 9, 1, 2, 3));
    expect((await view({ filename: "changing.png" }, again)).status).toBe(200);
  });

  test("comes in ranges", async () => {
    const { status, headers, body } = await view({ filename: "a.png" }, { range: "bytes=2-5" });
    expect(status).toBe(206);
    expect(headers["content-range"]).toBe(`bytes 2-5/${png.length}`);
    expect(body.equals(png.subarray(2, 6))).toBe(true);
    const { etag = "" } = headers;
    expect((await view({ filename: "a.png" }, { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await view({ filename: "a.png" }, { range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
  });

  test("has no range behind its end", async () => {
    const { status, headers } = await view({ filename: "a.png" }, { range: "bytes=999999-" });
    expect(status).toBe(416);
    expect(headers["content-type"]).toMatch(/json/);
  });
});

describe("what is no picture", () => {
  test.each([
    ["page.htm", "<!doctype html><script>alert(1)</script>"],
    ["code.js", "alert(1)"],
    ["style.css", "*{}"],
    ["drawing.svg", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ["lie.png", "<html><script>alert(1)</script>"],
    ["empty.png", ""],
    ["movie.mp4", "\0\0\0\x18ftypmp42"],
  ])("%s is a download without a type", async (name, content) => {
    files.put(`output/${name}`, content);
    const { status, headers } = await view({ filename: name });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${name}"`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
    });
  });

  test("a picture and a script in one is a picture", async () => {
    files.put("output/both.js", "GIF89a/*\x01\x01\0\0\0*/=alert(1)");
    const { headers } = await view({ filename: "both.js" });
    expect(headers).toMatchObject({ "content-type": "image/gif", "x-content-type-options": "nosniff" });
  });

  test("has no preview", async () => {
    for (const name of ["drawing.svg", "lie.png", "empty.png"])
      expect((await view({ filename: name, preview: "webp" })).status).toBe(415);
  });
});

describe("names in headers", () => {
  test.each([
    ["猫 рисунок.png", `inline; filename="_ _______.png"; filename*=UTF-8''${encodeURIComponent("猫 рисунок.png")}`],
    ['a"; filename=evil.html; x="b.png', "inline; filename=\"a_; filename=evil.html; x=_b.png\"; filename*=UTF-8''"],
    ["100%.png", "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png"],
    ["it's (1)*.png", 'inline; filename="it\'s (1)*.png"'],
  ])("%s", async (name, expected) => {
    files.put(`output/${name}`, png);
    const { status, headers } = await view({ filename: name });
    expect(status).toBe(200);
    // Node gives headers as Latin-1; all of ours are ASCII.
    expect(headers["content-disposition"]).toContain(expected);
    expect(headers["content-disposition"]).toMatch(/^[\x20-\x7e]+$/);
  });

  test("line ends cannot be in them", async () => {
    const { status, headers } = await files.ask("/view?filename=a.png%0d%0aX-Evil:%201");
    expect(status).toBe(400);
    expect(headers).not.toHaveProperty("x-evil");
  });
});

describe("a copy", () => {
  test.each([
    ["webp;90", "image/webp"],
    ["jpeg", "image/webp", "rgba"],
    ["jpeg;70", "image/jpeg", "rgb"],
    ["jpeg;9999", "image/jpeg"],
    ["bmp;0", "image/webp"],
    ["", "image/webp"],
  ])("with preview=%s is %s", async (preview, type, channel?: string) => {
    const { status, headers, body } = await view({ filename: "a.png", preview, ...(channel && { channel }) });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe(type);
    expect(headers["content-security-policy"]).toBe("sandbox");
    expect(await pixelsOf(body)).toMatchObject({ width: 4, height: 2 });
  });

  test("of the colours has no alpha, one of the alpha no colours", async () => {
    const colours = await pixelsOf((await view({ filename: "a.png", channel: "rgb" })).body);
    expect(colours.colours.slice(0, 3)).toEqual([10, 20, 30]);
    const alpha = await pixelsOf((await view({ filename: "a.png", channel: "a" })).body);
    expect([alpha.colours[0], alpha.alpha[0]]).toEqual([0, 40]);
    expect((await view({ filename: "a.png", channel: "rgba" })).body.equals(png)).toBe(true);
  });

  test("is not made again for who has it", async () => {
    const { etag = "" } = (await view({ filename: "a.png", preview: "webp" })).headers;
    expect((await view({ filename: "a.png", preview: "webp" }, { "if-none-match": etag })).status).toBe(304);
    expect((await view({ filename: "a.png", preview: "jpeg" }, { "if-none-match": etag })).status).toBe(200);
  });

  test("is refused for a picture that says it is enormous", async () => {
    const bomb = Buffer.from(png);
    bomb.writeUInt32BE(60000, 16);
    bomb.writeUInt32BE(60000, 20);
    files.put("output/bomb.png", bomb);
    for (const query of [{ preview: "webp" }, { channel: "a" }]) {
      const { status, body, headers } = await view({ filename: "bomb.png", ...query } as Record<string, string>);
      expect(status).toBe(415);
      expect(headers.etag).toBeUndefined();
      expect(JSON.parse(body.toString()).error.message).not.toContain(files.data);
    }
  });

  test("many at once all come", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => view({ filename: "a.png", preview: `webp;${i + 1}` })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe("refused", () => {
  test.each([
    ["?", 400],
    ["?filename=", 400],
    ["?filename=a.png&filename=b.png", 400],
    ["?filename=a.png&type=users", 400],
    ["?filename=a.png&type=__proto__", 400],
    ["?filename=gone.png", 404],
    ["?filename=sub", 404],
    ["?filename=a.png/", 200],
    ["?filename=a.png/x", 404],
  ])("%s is %i", async (query, status) => {
    expect((await files.ask(`/view${query}`)).status).toBe(status);
  });

  test("links that lead out", async () => {
    files.put("secret.png", png);
    symlinkSync(join(files.data, "secret.png"), join(files.data, "output/link.png"));
    symlinkSync(files.data, join(files.data, "output/up"));
    expect((await view({ filename: "link.png" })).status).toBe(403);
    expect((await view({ filename: "secret.png", subfolder: "up" })).status).toBe(403);
    expect((await view({ filename: "link.png", preview: "webp" })).status).toBe(403);
  });

  test("none of it was our fault", () => {
    expect(files.faults).toEqual([]);
  });
});
