import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { mezzotint } from "../command.js";
import { follow } from "./follow.js";
import { ask, showText, startServer } from "./server.js";

const prompt = showText("attack");

describe("names and origins", () => {
  test("a name that is not this machine's is refused, whatever it resolves to (DNS rebinding)", async () => {
    const server = await startServer(["--allow-host", "art.example:443"]);
    const { port } = new URL(server.url);
    const asks = async (host: string) => (await ask(server, "/api/queue", { headers: { host } })).status;
    for (const host of ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "art.example:443"])
      expect(await asks(host), host).toBe(200);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example#localhost",
      "localhost@evil.example",
      "0.0.0.0",
      "192.168.0.1",
      "[::ffff:192.168.0.1]",
      "2130706433",
      "art.example:80",
      "art.example",
    ])
      expect(await asks(host), host).toBe(403);
    await expect(follow(server, "a", { host: "evil.example" })).rejects.toThrow("403");
  });

  test("pages of other sites change nothing (CSRF by form and fetch), nor do they listen", async () => {
    const server = await startServer();
    const { port } = new URL(server.url);
    const own = { origin: server.url };
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: `http://127.0.0.1:${port}.evil.example` },
      { origin: `http://evil.example@127.0.0.1:${port}` },
      { origin: "file://" },
      { origin: "" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { ...own, "sec-fetch-site": "cross-site" },
    ];
    const posts = [
      "/prompt",
      "/api/prompt",
      "/queue",
      "/interrupt",
      "/free",
      "/history",
      "/api/jobs/cancel",
      "/settings",
    ];
    for (const headers of foreign) {
      for (const path of posts) {
        const { status, json } = await ask(server, path, {
          body: JSON.stringify({ prompt }),
          headers: { "content-type": "text/plain", ...headers },
        });
        expect([status, json?.error?.type], `${path} ${JSON.stringify(headers)}`).toEqual([403, "foreign_origin"]);
      }
      await expect(follow(server, "a", headers), JSON.stringify(headers)).rejects.toThrow("403");
    }
    expect((await ask(server, "/prompt", { body: { prompt }, headers: own })).status).toBe(200);
    expect((await ask(server, "/prompt", { body: { prompt } })).status).toBe(200);
    await follow(server, "a", own);
    await follow(server, "b");
  });

  test("no answer lets another site read it", async () => {
    const server = await startServer();
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await ask(server, "/queue", { method, headers: { origin: "https://evil.example" } });
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  test("it listens on this machine only", async () => {
    for (const address of ["0.0.0.0", "::", "192.168.0.1", "example.com"]) {
      const { code, stderr } = await mezzotint(["serve", "--port", "0", "--listen", address]);
      expect(code).toBe(2);
      expect(stderr).toContain("ssh -L");
    }
  });
});

test("every answer has the headers that keep browsers from guessing, framing and telling", async () => {
  const server = await startServer();
  for (const path of ["/", "/queue", "/nowhere", "/history?max_items=x"]) {
    const { headers } = await ask(server, path);
    expect(headers, path).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
    });
    expect(headers).not.toHaveProperty("x-powered-by");
  }
});

describe("answers are JSON, and tell nothing of the inside", () => {
  test("for what is not there", async () => {
    const server = await startServer();
    for (const path of [
      "/nowhere",
      "/api/nowhere",
      "/index.html",
      "/api",
      "/api/index.html",
      "/..%2f..%2fetc%2fpasswd",
    ]) {
      const { status, json } = await ask(server, path);
      expect([status, json?.error?.type], path).toEqual([404, "not_found"]);
    }
    for (const method of ["PUT", "DELETE", "PATCH"])
      expect((await ask(server, "/prompt", { method })).status).toBe(404);
  });

  test("for what cannot be read", async () => {
    const server = await startServer();
    const bomb = gzipSync(Buffer.alloc(65 * 2 ** 20, " "));
    const asked = await Promise.all([
      ask(server, "/history/%E0%A4%A"),
      ask(server, "/prompt", { body: bomb, headers: { "content-encoding": "gzip" } }),
      ask(server, "/prompt", { body: "{}", headers: { "content-encoding": "nonsense" } }),
      ask(server, "/prompt", { body: "junk", headers: { "content-encoding": "gzip" } }),
      ask(server, "/prompt", { body: `{"a":${"9".repeat(5000)}}` }),
    ]);
    expect(asked.map(({ status }) => status)).toEqual([400, 413, 415, 400, 400]);
    for (const { json, text } of asked) {
      expect(json?.error.message).toBeTruthy();
      expect(text).not.toMatch(/node_modules|\.js:|<html|at .*\(/);
    }
    expect((await ask(server, "/health")).json).toEqual({ status: "ok" });
  });

  test("hostile keys and names are values like any other", async () => {
    const server = await startServer();
    const hostile = `{"prompt":{"__proto__":{"class_type":"PreviewAny","inputs":{"source":1}},"constructor":{"class_type":"toString","inputs":{}}}}`;
    const { status } = await ask(server, "/prompt", { body: hostile });
    expect([200, 400]).toContain(status);
    for (const path of ["/object_info/__proto__", "/object_info/constructor", "/history/__proto__"])
      expect((await ask(server, path)).json, path).toEqual({});
    expect((await ask(server, "/models/__proto__")).status).toBe(404);
    expect((await ask(server, "/models/..%2f..%2fetc")).status).toBe(404);
    expect((await ask(server, "/health")).status).toBe(200);
  });
});
