import { expect, test } from "vitest";
import { ask, dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";
import { changing, declared, filled, nameOf } from "./routes.js";

/** What browsers say of a page that is not this server's. */
const FOREIGN: readonly (readonly [of: string, headers: Readonly<Record<string, string>>])[] = [
  ["another site", { origin: "https://evil.example" }],
  ["a sandboxed frame, or a file", { origin: "null" }],
  ["another port of this machine", { origin: "http://127.0.0.1:1" }],
  ["a name that begins like ours", { origin: "http://127.0.0.1.evil.example" }],
  ["an old browser that says the site only", { "sec-fetch-site": "cross-site" }],
];

/** What a form can send without asking first, and what fetch can. */
const BODIES = {
  "a form": { "content-type": "application/x-www-form-urlencoded" },
  "a form with a file": { "content-type": "multipart/form-data; boundary=x" },
  "a form of plain text, or fetch without CORS": { "content-type": "text/plain" },
  "fetch, with its question skipped": { "content-type": "application/json" },
} as const;

test.each(FOREIGN)("a page of %s changes nothing by any route, by form or by fetch", async (_, foreign) => {
  const server = await startServer();
  for (const route of changing) {
    for (const [sender, type] of Object.entries(BODIES)) {
      const headers = { ...type, ...foreign, "content-length": "2" };
      const asking = { method: route.method.toUpperCase(), headers, body: "{}" };
      const { status, text } = await ask(server, filled(route.path), asking);
      const label = `${nameOf(route)} by ${sender}`;
      expect([label, status, text]).toEqual([label, 403, expect.stringContaining("Pages of other sites")]);
    }
  }
});

test("the cookie, which a browser adds by itself, does not make up for where a request is from", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data, "--scope", "admin");
  const server = await startServer([], { data });
  for (const route of changing) {
    for (const signedIn of [{ cookie: `mezzotint=${token}` }, bearer(token)]) {
      const headers = { ...signedIn, origin: "https://evil.example" };
      const { status } = await ask(server, filled(route.path), { method: route.method.toUpperCase(), headers });
      expect([nameOf(route), status]).toEqual([nameOf(route), 403]);
    }
  }
});

test("what a link or a picture can ask for changes nothing", async () => {
  const server = await startServer();
  const reads = new Set(declared.filter(({ method }) => method === "get").map(({ path }) => path));
  for (const route of changing.filter(({ path }) => !reads.has(path) && !path.startsWith("/api/userdata"))) {
    const { status } = await ask(server, filled(route.path));
    expect([nameOf(route), status >= 400 && status < 500]).toEqual([nameOf(route), true]);
  }
});

test("another method, said in a header or a field, is not taken", async () => {
  const server = await startServer();
  await ask(server, "/userdata/kept.json", { body: "{}" });
  for (const name of ["x-http-method-override", "x-http-method", "x-method-override"])
    await ask(server, "/userdata/kept.json?_method=DELETE", { headers: { [name]: "DELETE" } });
  expect((await ask(server, "/userdata/kept.json")).status).toBe(200);
});

test("a browser that asks first is told nothing that would let it go on", async () => {
  const server = await startServer();
  for (const { path } of changing) {
    const headers = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const answer = await ask(server, filled(path), { method: "OPTIONS", headers });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("a page of another site does not sign its reader in as somebody else", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  const server = await startServer([], { data });
  for (const path of [`/?token=${token}`, `/queue?token=${token}`]) {
    const headers = { accept: "text/html", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const { status, headers: answered } = await ask(server, path, { headers });
    expect([path, status, answered["set-cookie"]]).toEqual([path, 403, undefined]);
  }
});
