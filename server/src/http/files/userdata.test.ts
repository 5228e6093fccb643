import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FileServer, type Sent, serveFiles } from "./file-server.fixture.js";

let files: FileServer;
beforeEach(async () => {
  files = await serveFiles();
});
afterEach(() => {
  const faults = [...files.faults];
  files.close();
  expect(faults).toEqual([]);
});

const post = (path: string, body: string | Buffer = "", more: Sent = {}) =>
  files.ask(path, { method: "POST", body, ...more });
const json = async (path: string) => {
  const { status, body } = await files.ask(path);
  return status === 200 ? JSON.parse(body.toString()) : status;
};
const file = (name: string) => `/userdata/${encodeURIComponent(name)}`;
const home = (...path: string[]) => join(files.data, "users/default", ...path);

test("there is one user, whose data the server keeps", async () => {
  expect(await json("/api/users")).toEqual({ storage: "server", migrated: true });
});

describe("a file", () => {
  test("is kept, read back byte by byte, and removed", async () => {
    const content = '{"seed": 18446744073709551615}\n';
    const { status, body } = await post(file("workflows/a.json"), content);
    expect([status, JSON.parse(body.toString())]).toEqual([200, "workflows/a.json"]);
    expect(readFileSync(home("workflows/a.json"), "utf8")).toBe(content);
    const read = await files.ask(file("workflows/a.json"));
    expect(read.body.toString()).toBe(content);
    expect(read.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-disposition": 'attachment; filename="a.json"',
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
    });
    expect((await files.ask(file("workflows/a.json"), { method: "DELETE" })).status).toBe(204);
    expect((await files.ask(file("workflows/a.json"))).status).toBe(404);
    expect((await files.ask(file("workflows/a.json"), { method: "DELETE" })).status).toBe(404);
    expect(readdirSync(home(), { recursive: true })).toEqual(["workflows"]);
  });

  test("is replaced, unless the client says not to", async () => {
    await post(file("a.json"), "1");
    await post(file("a.json"), "2");
    expect((await post(`${file("a.json")}?overwrite=false`, "3")).status).toBe(409);
    expect(readFileSync(home("a.json"), "utf8")).toBe("2");
    expect((await post(`${file("b.json")}?overwrite=false`, "3")).status).toBe(200);
    expect(readdirSync(home()).sort()).toEqual(["a.json", "b.json"]);
  });

  test("written by two who both must be first has one winner", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => post(`${file("a.json")}?overwrite=false`, String(i))),
    );
    const winners = answers.flatMap(({ status }, i) => (status === 200 ? [String(i)] : []));
    expect(winners).toEqual([readFileSync(home("a.json"), "utf8")]);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
  });

  test("comes with size and times if asked", async () => {
    const { body } = await post(`${file("workflows/a.json")}?full_info=true`, "12345");
    const now = expect.closeTo(Date.now(), -5);
    expect(JSON.parse(body.toString())).toEqual({ path: "workflows/a.json", size: 5, modified: now, created: now });
  });

  test("is moved", async () => {
    await post(file("a.json"), "a");
    await post(file("b.json"), "b");
    const move = (from: string, to: string, query = "") => post(`${file(from)}/move/${encodeURIComponent(to)}${query}`);
    expect((await move("a.json", "b.json", "?overwrite=false")).status).toBe(409);
    const moved = await move("a.json", "new/folder/c.json", "?overwrite=false&full_info=true");
    expect(JSON.parse(moved.body.toString())).toMatchObject({ path: "new/folder/c.json", size: 1 });
    expect((await move("b.json", "new/folder/c.json")).body.toString()).toBe('"new/folder/c.json"');
    expect(readFileSync(home("new/folder/c.json"), "utf8")).toBe("b");
    expect(readdirSync(home())).toEqual(["new"]);
    expect((await move("a.json", "d.json")).status).toBe(404);
    expect((await move("new", "old")).status).toBe(404);
    expect((await move("new/folder/c.json", "new/folder/c.json")).status).toBe(200);
  });

  test.each([
    ["page.html", "application/octet-stream", "attachment"],
    ["code.js", "application/octet-stream", "attachment"],
    ["drawing.svg", "application/octet-stream", "attachment"],
    ["sub/user.css", "application/octet-stream", "attachment"],
    ["user.css", "text/css; charset=utf-8", "inline"],
  ])("%s is sent as %s, %s", async (name, type, how) => {
    await post(file(name), "<script>alert(1)</script>");
    const { headers } = await files.ask(file(name));
    expect(headers["content-type"]).toBe(type);
    expect(headers["content-disposition"]).toMatch(new RegExp(`^${how}; `));
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("too large is refused, announced or not, and leaves nothing", async () => {
    const large = Buffer.alloc(33 * 2 ** 20);
    expect((await post(file("a.json"), large)).status).toBe(413);
    const chunked = { "transfer-encoding": "chunked" };
    expect((await post(file("b.json"), large, { headers: chunked })).status).toBe(413);
    expect(existsSync(home()) ? readdirSync(home()) : []).toEqual([]);
  });

  test("broken off leaves what was there", async () => {
    await post(file("a.json"), "old");
    const socket = connect(files.port, "127.0.0.1");
    socket.write("POST /userdata/a.json HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nnew");
    while (readdirSync(home()).length < 2) await sleep(5);
    socket.destroy();
    while (readdirSync(home()).length > 1) await sleep(5);
    expect(readFileSync(home("a.json"), "utf8")).toBe("old");
  });

  test("where a folder is, or below a file, cannot be", async () => {
    await post(file("a/b.json"), "x");
    expect((await post(file("a"), "x")).status).toBe(409);
    expect((await post(file("a/b.json/c.json"), "x")).status).toBe(409);
    expect((await files.ask(file("a"))).status).toBe(404);
    expect((await files.ask(file("a"), { method: "DELETE" })).status).toBe(404);
  });
});

describe("lists", () => {
  beforeEach(async () => {
    for (const name of ["workflows/b.json", "workflows/a.json", "workflows/deep/er/c.json", "workflows/.index.json"])
      await post(file(name), "{}");
  });

  test("name the files of a folder, or of all below it", async () => {
    expect(await json("/userdata?dir=workflows")).toEqual(["a.json", "b.json"]);
    expect(await json("/userdata?dir=workflows&recurse=true")).toEqual(["a.json", "b.json", "deep/er/c.json"]);
    expect(await json("/userdata?dir=workflows%2Fdeep&recurse=true&split=true")).toEqual([
      ["er/c.json", "er", "c.json"],
    ]);
    expect(await json("/userdata?dir=workflows&recurse=true&split=false&full_info=true")).toContainEqual({
      path: "deep/er/c.json",
      size: 2,
      modified: expect.any(Number),
      created: expect.any(Number),
    });
  });

  test("of no folder are refused", async () => {
    expect(await json("/userdata")).toBe(400);
    expect(await json("/userdata?dir=gone")).toBe(404);
    expect(await json("/userdata?dir=workflows/a.json")).toBe(404);
    expect(await json("/v2/userdata?path=gone")).toBe(404);
  });

  test("of the second kind have folders first, by name, with paths from the top", async () => {
    expect(await json("/v2/userdata?path=workflows")).toEqual([
      { name: "deep", path: "workflows/deep", type: "directory" },
      { name: "er", path: "workflows/deep/er", type: "directory" },
      ...["workflows/.index.json", "workflows/a.json", "workflows/b.json", "workflows/deep/er/c.json"].map((path) => ({
        name: path.split("/").at(-1),
        path,
        type: "file",
        size: 2,
        modified: expect.closeTo(Date.now() / 1000, -2),
      })),
    ]);
    expect((await json("/v2/userdata"))[1]).toMatchObject({ name: "er" });
    files.close();
    files = await serveFiles();
    expect(await json("/v2/userdata")).toEqual([]);
  });

  test("do not follow links", async () => {
    files.put("secret/x.json", "x");
    symlinkSync(join(files.data, "secret"), home("workflows/secret"));
    symlinkSync(join(files.data, "secret/x.json"), home("workflows/x.json"));
    expect(await json("/userdata?dir=workflows&recurse=true")).toEqual(["a.json", "b.json", "deep/er/c.json"]);
    expect(await json("/userdata?dir=workflows/secret")).toBe(403);
  });
});

describe("settings", () => {
  const set = (path: string, value: unknown) => post(path, JSON.stringify(value));

  test("are none, then what was set, one by one or together", async () => {
    expect(await json("/api/settings")).toEqual({});
    expect(await json("/settings/Comfy.A")).toBe(null);
    expect((await set("/settings/Comfy.A", [1, "x"])).status).toBe(200);
    expect((await set("/settings", { "Comfy.B": true, "Comfy.C": null })).status).toBe(200);
    expect(await json("/settings/Comfy.A")).toEqual([1, "x"]);
    expect(await json("/settings")).toEqual({ "Comfy.A": [1, "x"], "Comfy.B": true, "Comfy.C": null });
    expect(readdirSync(home())).toEqual(["comfy.settings.json"]);
  });

  test("set at the same time are all kept", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `S${i}`);
    await Promise.all(names.map((name, i) => set(`/settings/${name}`, i)));
    expect(await json("/settings")).toEqual(Object.fromEntries(names.map((name, i) => [name, i])));
  });

  test("keep 64-bit integers", async () => {
    await post("/settings/seed", "18446744073709551615");
    expect((await files.ask("/settings/seed")).body.toString()).toBe("18446744073709551615");
  });

  test("may be named like what objects have", async () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(await json(`/settings/${name}`)).toBe(null);
      await set(`/settings/${name}`, { polluted: true });
    }
    await post("/settings", '{"__proto__": {"polluted": 1}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const { body } = await files.ask("/settings");
    expect(body.toString()).toContain('"__proto__":{"polluted":1}');
  });

  test.each([
    ["/settings", "[]"],
    ["/settings", "null"],
    ["/settings", "{"],
    ["/settings/a", ""],
    ["/settings/a", "[".repeat(10_000)],
    ["/settings/a", Buffer.from([0x22, 0xff, 0x22])],
    [`/settings/${"a".repeat(300)}`, "1"],
  ])("POST %s of %j is refused", async (path, body) => {
    expect((await post(path, body)).status).toBe(400);
    expect(await json("/settings")).toEqual({});
  });

  test("are bounded", async () => {
    const large = JSON.stringify("x".repeat(900_000));
    expect((await post("/settings/a", JSON.stringify("x".repeat(2 ** 20)))).status).toBe(413);
    const answers = [];
    for (const name of "abcdef") answers.push((await post(`/settings/${name}`, large)).status);
    expect(answers).toEqual([200, 200, 200, 200, 413, 413]);
  });

  test("that were broken by hand stay beside the new ones", async () => {
    files.put("users/default/comfy.settings.json", '{"a": 1,}');
    expect(await json("/settings")).toEqual({});
    await set("/settings/b", 2);
    expect(await json("/settings")).toEqual({ b: 2 });
    expect(readFileSync(home("comfy.settings.json.broken"), "utf8")).toBe('{"a": 1,}');
  });

  test("are not changed as files", async () => {
    await set("/settings/a", 1);
    expect((await post(file("comfy.settings.json"), "x")).status).toBe(403);
    expect((await post(`${file("x.json")}/move/comfy.settings.json`)).status).toBe(403);
    expect((await files.ask(file("./comfy.settings.json"), { method: "DELETE" })).status).toBe(403);
    expect(await json("/settings")).toEqual({ a: 1 });
  });
});

describe("users", () => {
  test("have folders of their own", async () => {
    const ann = { headers: { "x-user": "ann" } };
    await post(file("a.json"), "ann's", ann);
    await post("/settings/a", "1", ann);
    expect((await files.ask(file("a.json"))).status).toBe(404);
    expect(await json("/settings")).toEqual({});
    expect(readdirSync(join(files.data, "users"))).toEqual(["ann"]);
  });

  test.each(["..", ".", "a/b", "a\\b", "", "C:", ".hidden", "x".repeat(65)])("%j cannot be one", async (user) => {
    mkdirSync(join(files.data, "users"), { recursive: true });
    for (const path of ["/settings", "/userdata?dir=.", "/v2/userdata", file("a.json")])
      expect((await files.ask(path, { headers: { "x-user": user } })).status).toBe(403);
    expect((await post(file("a.json"), "x", { headers: { "x-user": user } })).status).toBe(403);
  });
});
