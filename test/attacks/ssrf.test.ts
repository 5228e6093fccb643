import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { guarded, reasonOf, textOf } from "./guarded.js";
import { webServer } from "./web-server.js";

/** Where a name leads, one answer after the other; the last one stays. */
const names = (...answers: readonly (readonly string[])[]) => {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return answers[Math.min(asked.length, answers.length) - 1]!;
  };
  return { resolve, asked };
};

test("what may be asked is asked, with nothing of ours", async () => {
  let headers: object = {};
  const site = await webServer((request, response) => {
    headers = request.headers;
    response.end("hello");
  });
  expect(await textOf(await guarded(site.url, { privateToo: true }))).toBe("hello");
  expect(headers).toEqual({ host: `127.0.0.1:${site.port}`, "accept-encoding": "identity", connection: "close" });
});

test.each([
  ["to a private network", ["10.0.0.7"]],
  ["to this machine", ["127.0.0.1"]],
  ["to this machine by IPv6", ["::1"]],
  ["to this machine, mapped into IPv6", ["::ffff:127.0.0.1"]],
  ["to link-local addresses", ["169.254.169.254"]],
  ["to a public and a private address", ["93.184.216.34", "127.0.0.1"]],
])("a name that leads %s is refused", async (_, addresses) => {
  const inside = await webServer();
  const { resolve } = names(addresses);
  expect(await reasonOf(guarded(`http://art.example:${inside.port}/`, { resolve }))).toBe("address");
  expect(inside.asked).toEqual([]);
});

test("a name is resolved once, and what was checked is what is asked (DNS rebinding)", async () => {
  const inside = await webServer();
  const first = names(["93.184.216.34"], ["127.0.0.1"]);
  // Nothing answers there from here; what counts is that the machine's own server is not asked instead.
  await reasonOf(guarded(`http://art.example:${inside.port}/`, { resolve: first.resolve, timeout: 500 }));
  expect([first.asked, inside.asked]).toEqual([["art.example"], []]);
  const second = names(["127.0.0.1"], ["169.254.169.254"]);
  const answer = await guarded(`http://art.example:${inside.port}/`, { resolve: second.resolve, privateToo: true });
  expect(await textOf(answer)).toBe("secret");
  expect(second.asked).toEqual(["art.example"]);
});

test("each redirect is checked like the first address", async () => {
  const to = (location: string) => webServer((_request, response) => response.writeHead(302, { location }).end());
  const inside = await webServer();
  for (const location of ["http://169.254.169.254/latest/meta-data/", "//169.254.169.254/", "http://[fe80::1]/"])
    expect(await reasonOf(guarded((await to(location)).url, { privateToo: true })), location).toBe("address");
  expect(await reasonOf(guarded((await to("file:///etc/passwd")).url, { privateToo: true }))).toBe("scheme");
  expect(await reasonOf(guarded((await to("http://a:b@127.0.0.1/")).url, { privateToo: true }))).toBe("credentials");
  expect(await reasonOf(guarded((await to("http://127.0.0.1:22/")).url, { privateToo: true }))).toBe("port");
  const good = await guarded((await to(`${inside.url}/there`)).url, { privateToo: true });
  expect([await textOf(good), inside.asked]).toEqual(["secret", ["GET /there"]]);
});

test("a redirect that resolves its name anew is checked anew", async () => {
  const site = await webServer((_request, response) => response.writeHead(307, { location: "/again" }).end());
  const { resolve, asked } = names(["127.0.0.1"], ["169.254.169.254"]);
  expect(await reasonOf(guarded(`http://art.example:${site.port}/`, { resolve, privateToo: true }))).toBe("address");
  expect([asked.length, site.asked]).toEqual([2, ["GET /"]]);
});

test("redirects without an end are left", async () => {
  const site = await webServer((_request, response) => response.writeHead(302, { location: "/" }).end());
  expect(await reasonOf(guarded(site.url, { privateToo: true, redirects: 3 }))).toBe("redirects");
  expect(site.asked).toHaveLength(4);
});

test("where no redirects are followed, their answer is the answer", async () => {
  const inside = await webServer();
  const site = await webServer((_request, response) => response.writeHead(302, { location: inside.url }).end());
  expect((await guarded(site.url, { privateToo: true, redirects: 0 })).status).toBe(302);
  expect(inside.asked).toEqual([]);
});

test.each([
  "file:///etc/passwd",
  "ftp://example.com/",
  "gopher://127.0.0.1:6379/_x",
  "data:,x",
  "javascript:1",
  "ws://a.b/",
])("other schemes are refused: %s", async (url) => {
  expect(await reasonOf(guarded(url, { privateToo: true }))).toBe("scheme");
});

test.each([
  "http://user:word@127.0.0.1/",
  "http://user@127.0.0.1/",
  "http://93.184.216.34:80@127.0.0.1/",
  "http://:x@a.b/",
])("names and passwords in a URL are refused: %s", async (url) => {
  expect(await reasonOf(guarded(url, { privateToo: true }))).toBe("credentials");
});

test.each([1, 21, 22, 25, 53, 445, 6000, 6667])("ports of other protocols are refused: %s", async (port) => {
  expect(await reasonOf(guarded(`http://127.0.0.1:${port}/`, { privateToo: true }))).toBe("port");
});

test("what is no URL, or endless, is refused", async () => {
  for (const url of ["", "art.example", "http://", "http://[::1", `http://a.example/${"x".repeat(3000)}`])
    expect(await reasonOf(guarded(url)), url.slice(0, 20)).toBe("url");
});

test("an endless body is cut off", async () => {
  const site = await webServer((_request, response) => {
    const more = () => {
      while (response.writable && response.write("x".repeat(10_000)));
    };
    response.on("drain", more);
    more();
  });
  expect(await reasonOf(guarded(site.url, { privateToo: true }).then(textOf))).toBe("too_large");
});

test("a body that is announced too large is not read", async () => {
  const site = await webServer((_request, response) =>
    response.writeHead(200, { "content-length": 5000 }).flushHeaders(),
  );
  expect(await reasonOf(guarded(site.url, { privateToo: true }).then(textOf))).toBe("too_large");
});

test("a body that comes too slowly is left", async () => {
  const site = await webServer((_request, response) => {
    const drip = setInterval(() => response.write("x"), 20);
    response.once("close", () => clearInterval(drip));
  });
  expect(await reasonOf(guarded(site.url, { privateToo: true, timeout: 300 }).then(textOf))).toBe("timeout");
});

test("a server that never answers is left", async () => {
  const site = await webServer(() => undefined);
  expect(await reasonOf(guarded(site.url, { privateToo: true, timeout: 300 }))).toBe("timeout");
});

test("a name that never resolves is left", async () => {
  const resolve = () => new Promise<never>(() => undefined);
  expect(await reasonOf(guarded("http://art.example/", { resolve, timeout: 300 }))).toBe("timeout");
});

test("a compressed body, which could unpack to anything, is refused", async () => {
  const site = await webServer((_request, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
  );
  expect(await reasonOf(guarded(site.url, { privateToo: true }).then(textOf))).toBe("encoded");
});

test("what speaks no HTTP is no answer, and its words are not passed on", async () => {
  const other = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("-ERR secret\r\n");
  });
  await new Promise<void>((ready) => other.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const error = await guarded(`http://127.0.0.1:${port}/`, { privateToo: true }).catch((refused: Error) => refused);
  expect(error).toMatchObject({ reason: "connection" });
  expect((error as Error).message).not.toMatch(/secret|127\.0\.0\.1/);
});
