import { connect } from "node:net";
import sharp from "sharp";
import { expect, test } from "vitest";
import { ask, dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";
import { formOf } from "./people.js";

const png = () =>
  sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .png()
    .toBuffer();

/** Ways to end a header within a value, escaped as an address has them. */
const ENDS = ["%0d%0a", "%0a", "%0d", "%e5%98%8a%e5%98%8d", "%c4%8d%c4%8a", "%E2%80%A8"];

test.each(ENDS)("a name in an address adds no header to an answer: %s", async (end) => {
  const server = await startServer();
  const evil = `a${end}Set-Cookie:%20evil=1${end}${end}<script>.png`;
  for (const path of [
    `/view?filename=${evil}`,
    `/view?filename=a.png&subfolder=${evil}`,
    `/view?filename=a.png&preview=${evil}`,
    `/userdata/${evil}`,
    `/view_metadata/${evil}?filename=a`,
    `/api/v2/jobs/${evil}`,
    `/api/v2/assets/${evil}/content`,
    `/api/run/${evil}`,
    `/history/${evil}`,
    `/${evil}`,
  ]) {
    const { status, headers } = await ask(server, path);
    expect([path, status < 500, headers["set-cookie"]]).toEqual([path, true, undefined]);
    expect(Object.values(headers).join(" "), path).not.toContain("evil");
  }
});

test("a file's name, kept by an upload, adds no header when the file is read", async () => {
  const server = await startServer();
  for (const name of [
    "a\\r\\nSet-Cookie: evil=1.png",
    "a%0d%0aSet-Cookie: evil=1.png",
    "a\u2028Set-Cookie: evil=1.png",
    "a\u560a\u560dSet-Cookie: evil=1.png",
    "a; filename=evil.html; x=b.png",
  ]) {
    const kept = await ask(server, "/upload/image", formOf(name, await png()));
    const asset = await ask(server, "/api/v2/assets", formOf(name, await png(), {}, "file"));
    const { name: file, subfolder } = kept.json ?? {};
    const reads = [
      ...(kept.status === 200 ? [`/view?${new URLSearchParams({ filename: file, subfolder, type: "input" })}`] : []),
      ...(asset.status < 300 ? [`/api/v2/assets/${asset.json.id}/content`] : []),
    ];
    for (const path of reads) {
      const { status, headers } = await ask(server, path);
      expect([name, status, headers["set-cookie"]]).toEqual([name, 200, undefined]);
      expect(headers["content-type"]).toBe("image/png");
      expect(headers["content-disposition"]).toMatch(
        /^inline; filename="[^"]*"(; filename\*=UTF-8''[!#$&+.^`|~\w%-]+)?$/,
      );
    }
  }
});

test("the address without its token leads to this server, and adds no header", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  const server = await startServer([], { data });
  for (const path of [
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "/%0d%0aSet-Cookie:%20evil=1",
    "/%5cevil.example/",
    "/%2f%2fevil.example/",
    "/.//evil.example",
  ]) {
    const { headers } = await ask(server, `${path}?token=${token}`, { headers: { accept: "text/html" } });
    const { location = "/" } = headers;
    expect(new URL(location, server.url).origin, path).toBe(new URL(server.url).origin);
    expect([
      path,
      location.includes(token),
      (headers["set-cookie"] ?? []).some((cookie) => cookie.startsWith("evil")),
    ]).toEqual([path, false, false]);
  }
});

test("what proxies say is not believed unless one is there", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  const server = await startServer([], { data });
  const headers = {
    ...bearer(token),
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    forwarded: "host=evil.example;proto=https",
    "x-original-url": "/internal/logs",
    "x-rewrite-url": "/internal/logs",
  };
  const body = {
    workflow: {
      1: { class_type: "PrimitiveString", inputs: { value: "x" } },
      2: { class_type: "PreviewAny", inputs: { source: ["1", 0] } },
    },
  };
  const job = await ask(server, "/api/v2/jobs", { body, headers });
  expect(job.status).toBe(201);
  expect(job.text).not.toMatch(/evil\.example|https:/);
  expect((await ask(server, "/queue", { headers })).json).toHaveProperty("queue_running");
});

/** All that a server says to some bytes. */
function sayTo(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
}

test.each([
  [
    "both lengths",
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "0\r\n\r\nGET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ],
  ["two lengths", "Content-Length: 0\r\nContent-Length: 44\r\n", "GET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  [
    "an encoding that hides",
    "Transfer-Encoding: xchunked\r\n",
    "0\r\n\r\nGET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ],
  ["a space before the colon", "Content-Length : 0\r\n", "GET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n"],
])("a second request does not hide in the body of another: %s", async (_, headers, body) => {
  const server = await startServer();
  const said = await sayTo(server.url, `POST /history HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`);
  expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(said).not.toContain("queue_running");
});
