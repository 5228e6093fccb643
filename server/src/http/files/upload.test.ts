import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { core } from "../../builtin.js";
import { type FileServer, formOf, pixelsOf, pngOf, serveFiles } from "./file-server.fixture.js";

let files: FileServer;
beforeEach(async () => {
  files = await serveFiles();
});
afterEach(() => {
  const faults = [...files.faults];
  files.close();
  expect(faults).toEqual([]);
});

const red = await pngOf(3, 2, 255, 0, 0);
const blue = await pngOf(3, 2, 0, 0, 255);

type Part = readonly [name: string, value: string | Uint8Array, filename?: string];
const upload = async (...parts: readonly Part[]) => {
  const { status, body } = await files.ask("/upload/image", formOf(parts));
  return { status, ...JSON.parse(body.toString()) };
};
const stored = (path: string) => readFileSync(join(files.data, path));
/** Everything below the input folder, half-written files too. */
const inputs = () =>
  existsSync(join(files.data, "input")) ? readdirSync(join(files.data, "input"), { recursive: true }).sort() : [];

describe("a picture", () => {
  test("is stored as it came, and named", async () => {
    expect(await upload(["image", red, "a.png"])).toEqual({ status: 200, name: "a.png", subfolder: "", type: "input" });
    expect(stored("input/a.png").equals(red)).toBe(true);
    expect(inputs()).toEqual(["a.png"]);
  });

  test.each([
    [
      "before",
      [
        ["subfolder", "x/y"],
        ["type", "temp"],
        ["image", red, "a.png"],
      ],
    ],
    [
      "after",
      [
        ["image", red, "a.png"],
        ["type", "temp"],
        ["subfolder", "x\\y/"],
      ],
    ],
  ] as const)("goes where the fields %s it say", async (_, parts) => {
    expect(await upload(...(parts as readonly Part[]))).toMatchObject({
      name: "a.png",
      subfolder: "x/y",
      type: "temp",
    });
    expect(stored("temp/x/y/a.png").equals(red)).toBe(true);
    expect(inputs()).toEqual([]);
  });

  test("of the same name and bytes is stored once; another is numbered", async () => {
    const names = [];
    for (const bytes of [red, red, blue, blue, red]) names.push((await upload(["image", bytes, "a.png"])).name);
    expect(names).toEqual(["a.png", "a.png", "a (1).png", "a (1).png", "a.png"]);
    expect(inputs()).toEqual(["a (1).png", "a.png"]);
  });

  test.each(["true", "1"])("takes the place of another with overwrite=%s", async (overwrite) => {
    await upload(["image", red, "a.png"]);
    expect((await upload(["image", blue, "a.png"], ["overwrite", overwrite])).name).toBe("a.png");
    expect(stored("input/a.png").equals(blue)).toBe(true);
    expect(inputs()).toEqual(["a.png"]);
  });

  test("may have a name of any script, and none of an extension", async () => {
    for (const name of ["猫 и кот.png", "blob"]) expect((await upload(["image", red, name])).name).toBe(name);
    expect(inputs()).toEqual(["blob", "猫 и кот.png"]);
  });

  test("may be named as Python's clients write names", async () => {
    const head = "--x\r\nContent-Disposition: form-data; name=\"image\"; filename*=utf-8''%E7%8C%AB.png\r\n\r\n";
    const body = Buffer.concat([Buffer.from(head), red, Buffer.from("\r\n--x--\r\n")]);
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const answer = await files.ask("/upload/image", { method: "POST", body, headers });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ name: "猫.png" });
  });

  test("sent by many at once under one name is stored once for each content", async () => {
    const pictures = await Promise.all(Array.from({ length: 4 }, (_, i) => pngOf(5, 5, i, i, i)));
    const sent = Array.from({ length: 24 }, (_, i) => pictures[i % 4] as Buffer);
    const answers = await Promise.all(sent.map((bytes) => upload(["image", bytes, "a.png"])));
    answers.forEach(({ name }, i) => {
      expect(stored(`input/${name}`).equals(sent[i] as Buffer)).toBe(true);
    });
    expect(inputs()).toEqual(["a (1).png", "a (2).png", "a (3).png", "a.png"]);
  });

  test("never goes through a link: overwriting replaces the link itself", async () => {
    const secret = files.put("secret.png", "secret");
    files.put("input/other.png", red);
    symlinkSync(secret, join(files.data, "input/a.png"));
    expect((await upload(["image", red, "a.png"])).name).toBe("a (1).png");
    expect((await upload(["image", red, "a.png"], ["overwrite", "true"])).name).toBe("a.png");
    expect(stored("secret.png").toString()).toBe("secret");
  });
});

describe("refused, and nothing is left:", () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
  const bomb = Buffer.from(red);
  bomb.writeUInt32BE(60000, 16);
  bomb.writeUInt32BE(60000, 20);

  test.each<[string, number, Part[]]>([
    ["an SVG", 415, [["image", svg, "a.svg"]]],
    ["an SVG that says it is a PNG", 415, [["image", svg, "a.png"]]],
    ["a page", 415, [["image", "<!doctype html><script>1</script>", "a.png"]]],
    ["a zip", 415, [["image", "PK\x03\x04", "a.png"]]],
    ["nothing", 415, [["image", "", "a.png"]]],
    ["a picture named like a page", 415, [["image", red, "a.html"]]],
    ["a picture and a script in one, named like a script", 415, [["image", "GIF89a/*=1", "a.js"]]],
    ["a header without a picture", 415, [["image", red.subarray(0, 20), "a.png"]]],
    ["a picture that says it is enormous", 415, [["image", bomb, "a.png"]]],
    ["another field than image", 400, [["file", red, "a.png"]]],
    ["no file", 400, [["image", "text"]]],
    ["a file without a name", 400, [["image", red, ""]]],
    [
      "two files",
      400,
      [
        ["image", red, "a.png"],
        ["image", red, "b.png"],
      ],
    ],
    ["too many fields", 400, [...Array.from({ length: 30 }, (_, i): Part => [`f${i}`, ""]), ["image", red, "a.png"]]],
    [
      "a huge field",
      400,
      [
        ["subfolder", "x".repeat(100_000)],
        ["image", red, "a.png"],
      ],
    ],
    [
      "an unknown folder",
      400,
      [
        ["type", "models"],
        ["image", red, "a.png"],
      ],
    ],
  ])("%s", async (_, expected, parts) => {
    const { status, error } = await upload(...parts);
    expect([status, typeof error.message]).toEqual([expected, "string"]);
    expect(error.message).not.toContain(files.data);
    expect(inputs()).toEqual([]);
  });

  test("a folder of the name", async () => {
    files.put("input/a.png/x.txt", "x");
    expect((await upload(["image", red, "a.png"], ["overwrite", "true"])).status).toBe(409);
    expect((await upload(["image", red, "a.png"])).name).toBe("a (1).png");
  });

  test.each([
    ["application/json", "{}", 415],
    ["multipart/form-data", "", 415],
    ["multipart/form-data; boundary=x", "", 400],
    [
      "multipart/form-data; boundary=x",
      "--x\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\n\x89PNG",
      400,
    ],
    [`multipart/form-data; boundary=x`, `--x\r\n${"X: y\r\n".repeat(5000)}\r\n\r\n--x--`, 400],
  ])("the body of %s %#", async (type, body, expected) => {
    const { status } = await files.ask("/upload/image", { method: "POST", body, headers: { "content-type": type } });
    expect(status).toBe(expected);
    expect(inputs()).toEqual([]);
  });

  test("compressed bodies, which could unpack to anything", async () => {
    const form = formOf([["image", red, "a.png"]]);
    const headers = { ...(form.headers as Record<string, string>), "content-encoding": "gzip" };
    expect((await files.ask("/upload/image", { ...form, headers })).status).toBe(415);
  });

  test("what is announced too large, before it is sent", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": 2 ** 32 };
    const status = await new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: files.port, path: "/upload/image", method: "POST", headers };
      const asking = request(options, ({ statusCode }) => {
        resolve(statusCode);
        asking.destroy();
      });
      asking.on("error", reject);
      asking.flushHeaders();
    });
    expect(status).toBe(413);
    expect(inputs()).toEqual([]);
  });

  test("what is broken off in the middle", async () => {
    const socket = connect(files.port, "127.0.0.1");
    socket.write(
      "POST /upload/image HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n" +
        "--x\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\n",
    );
    for (const byte of red.subarray(0, 20)) socket.write(Buffer.from([byte]));
    while (inputs().length === 0) await sleep(5);
    expect(inputs()).toEqual([expect.stringMatching(/^\..*\.part$/)]);
    socket.destroy();
    while (inputs().length > 0) await sleep(5);
  });
});

describe("a mask", () => {
  const mask = async (...parts: readonly Part[]) => {
    const { status, body } = await files.ask("/upload/mask", formOf(parts));
    return { status, ...JSON.parse(body.toString()) };
  };
  const ref = (value: unknown): Part => ["original_ref", JSON.stringify(value)];

  test("puts its alpha onto the original's colours, as a new picture with the original's texts", async () => {
    const { withPictureText, readPictureText } = await core();
    const original = withPictureText(red, [["workflow", '{"a":1}']]);
    files.put("output/sub/a.png", original);
    const drawn = await pngOf(3, 2, 0, 255, 0, 77);
    const made = await mask(
      ["image", drawn, "clipspace-mask-1.png"],
      ref({ filename: "a.png", subfolder: "sub" }),
      ["type", "input"],
      ["subfolder", "clipspace"],
    );
    expect(made).toEqual({ status: 200, name: "clipspace-mask-1.png", subfolder: "clipspace", type: "input" });
    const file = stored("input/clipspace/clipspace-mask-1.png");
    const { colours, alpha } = await pixelsOf(file);
    expect([colours.slice(0, 3), alpha[0]]).toEqual([[255, 0, 0], 77]);
    expect(readPictureText(file).get("workflow")).toBe('{"a":1}');
    expect(inputs()).toEqual(["clipspace", "clipspace/clipspace-mask-1.png"]);
    expect(stored("output/sub/a.png").equals(original)).toBe(true);
  });

  test("finds its original by a name that says the folder", async () => {
    files.put("input/a.png", red);
    expect((await mask(["image", red, "m.png"], ref({ filename: "a.png [input]" }))).status).toBe(200);
  });

  test.each<[string, number, Part[]]>([
    ["without an original", 400, []],
    ["for JSON that is none", 400, [["original_ref", "{"]]],
    ["for no object", 400, [ref(["a.png"])]],
    ["for nothing", 404, [ref({ filename: "gone.png" })]],
    ["for a file outside", 400, [ref({ filename: "../secret.png" })]],
    ["for a file outside by its sub-folder", 400, [ref({ filename: "secret.png", subfolder: ".." })]],
    ["for a picture of another size", 415, [ref({ filename: "large.png", type: "input" })]],
    ["for a text", 415, [ref({ filename: "text.png", type: "input" })]],
    ["deeply nested", 400, [["original_ref", "[".repeat(50_000)]]],
  ])("%s is refused", async (_, expected, parts) => {
    files.put("input/large.png", await pngOf(9, 9, 1, 2, 3));
    files.put("input/text.png", "text");
    files.put("secret.png", red);
    const { status } = await mask(["image", red, "m.png"], ...parts);
    expect(status).toBe(expected);
    expect(inputs()).toEqual(["large.png", "text.png"]);
  });
});

test("files of a folder are listed, the newest first", async () => {
  for (const [name, seconds] of [
    ["a.png", 3000],
    ["b.png", 1000],
    ["c.png", 2000],
  ] as const)
    utimesSync(files.put(`output/${name}`, red), seconds, seconds);
  files.put("output/sub/d.png", red);
  files.put("output/.hidden", "");
  expect(JSON.parse((await files.ask("/internal/files/output")).body.toString())).toEqual(["a.png", "c.png", "b.png"]);
  expect(JSON.parse((await files.ask("/internal/files/temp")).body.toString())).toEqual([]);
  expect((await files.ask("/internal/files/users")).status).toBe(400);
});
