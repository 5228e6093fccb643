import { readdirSync, readFileSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { mezzotint } from "../command.js";
import { follow } from "./follow.js";
import { ask, dataFolder, entryOf, showText, startServer, submit, type TestServer, testPack, until } from "./server.js";
import { bearer, tokenOf } from "./token.js";

const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`me:${token}`).toString("base64")}` });

const asking = (server: TestServer, token: string, path: string, body?: unknown) =>
  ask(server, path, { headers: bearer(token), ...(body !== undefined && { body }) });

describe("a token", () => {
  test("shuts the door of a server that runs already, and opens it to whoever has it", async () => {
    const server = await startServer();
    expect((await ask(server, "/queue")).status).toBe(200);
    const { token, id } = await tokenOf(server.data, "--label", "mine");
    for (const path of ["/queue", "/", "/object_info", "/api/jobs", "/nothing/here", "/api/userdata?dir=."]) {
      const { status, headers } = await ask(server, path);
      expect([path, status]).toEqual([path, 401]);
      expect(headers["www-authenticate"]).toMatch(/^Basic /);
    }
    expect((await ask(server, "/health")).status).toBe(200);
    expect((await ask(server, "/ready")).json).toHaveProperty("ready");
    for (const headers of [bearer(token), basic(token)])
      expect((await ask(server, "/queue", { headers })).status).toBe(200);
    for (const wrong of [`${token}x`, "mzt_000000000000_", "", "undefined"])
      expect((await ask(server, "/queue", { headers: bearer(wrong) })).status).toBe(401);
    const list = await mezzotint(["token", "list", "--data", server.data]);
    expect(list.stdout).toMatch(new RegExp(`^${id} +default +run .*"mine"\n$`));
    expect((await mezzotint(["token", "revoke", id, "--data", server.data])).code).toBe(0);
    expect((await ask(server, "/queue")).status).toBe(200);
  });

  test("in an address becomes a cookie that scripts and other sites' pages do not get", async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const server = await startServer([], { data });
    const page = { accept: "text/html,*/*" };
    const { status, headers } = await ask(server, `/?a=1&token=${token}`, { headers: page });
    expect([status, headers.location]).toEqual([303, "/?a=1"]);
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^mezzotint=.*; HttpOnly; SameSite=Lax$/);
    const sent = { cookie: cookie.split(";")[0] as string };
    expect((await ask(server, "/", { headers: { ...page, ...sent } })).status).toBe(200);
    expect((await ask(server, "/queue", { headers: sent })).status).toBe(200);
    await follow(server, "tab", { ...sent, origin: server.url });
    // A link on somebody's page does not sign its reader in.
    const lured = await ask(server, `/?token=${token}`, { headers: { ...page, "sec-fetch-site": "cross-site" } });
    expect([lured.status, lured.headers["set-cookie"]]).toEqual([403, undefined]);
    // The cookie does not make up for where a request is from.
    const foreign = { ...sent, origin: "https://evil.example" };
    expect((await ask(server, "/queue", { headers: foreign, body: { clear: true } })).status).toBe(403);
  });

  test("lets sockets in: as Bearer, as Basic, in the address", async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const server = await startServer([], { data });
    await expect(follow(server, "a")).rejects.toThrow("401");
    await expect(follow(server, "a", bearer("wrong"))).rejects.toThrow("401");
    for (const headers of [bearer(token), basic(token)]) await (await follow(server, "a", headers)).until("status");
    await (await follow(server, `a&token=${token}`)).until("status");
  });

  test("that is revoked ends what goes on with it: sockets and streams of events", async () => {
    const data = dataFolder();
    const [mine, other] = [await tokenOf(data), await tokenOf(data)];
    const server = await startServer(testPack, { data });
    const wait = { 1: { class_type: "Wait", inputs: { ms: 20_000 } } };
    const { prompt_id } = (await asking(server, mine.token, "/prompt", { prompt: wait })).json;
    const open = async (token: string) => {
      const url = `${server.url}/api/v2/jobs/${prompt_id}/events`;
      const answer = await fetch(url, { headers: bearer(token) });
      const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws?clientId=${token}`, {
        headers: bearer(token),
      });
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      return { stream: answer.text().catch(() => "broken off"), socket };
    };
    const [ends, stays] = [await open(mine.token), await open(other.token)];
    const code = new Promise((resolve) => ends.socket.once("close", resolve));
    await mezzotint(["token", "revoke", mine.id, "--data", data]);
    expect(await code).toBe(1008);
    expect(await ends.stream).toBe("broken off");
    expect(stays.socket.readyState).toBe(WebSocket.OPEN);
    expect(await Promise.race([stays.stream, "goes on"])).toBe("goes on");
    stays.socket.terminate();
  });

  test("allows what its scope says", async () => {
    const data = dataFolder();
    const [read, run, admin] = await Promise.all(
      ["read", "run", "admin"].map(async (scope) => (await tokenOf(data, "--scope", scope)).token),
    );
    const server = await startServer([], { data });
    const statuses = async (path: string, body?: unknown) =>
      Promise.all([read!, run!, admin!].map(async (token) => (await asking(server, token, path, body)).status));
    expect(await statuses("/queue")).toEqual([200, 200, 200]);
    expect(await statuses("/prompt", { prompt: showText("hi") })).toEqual([403, 200, 200]);
    expect(await statuses("/interrupt", {})).toEqual([403, 200, 200]);
    expect(await statuses("/settings", { a: 1 })).toEqual([403, 200, 200]);
    expect(await statuses("/internal/logs")).toEqual([403, 403, 200]);
    const refusal = await asking(server, read!, "/prompt", { prompt: showText("hi") });
    expect(refusal.json.error).toMatchObject({ type: "scope_missing", message: "This needs a token of scope run" });
  });

  test("is kept nowhere: not in logs, jobs, history or files", async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const server = await startServer([], { data });
    const { json } = await ask(server, `/prompt?token=${token}`, { body: { prompt: showText("hi") } });
    await until(
      () => asking(server, token, `/history/${json.prompt_id}`),
      (answer) => answer.json?.[json.prompt_id] !== undefined,
    );
    await ask(server, `/missing?token=${token}`);
    await ask(server, "/prompt", { headers: basic(token), body: "{" });
    await server.end("SIGTERM");
    const secret = token.split("_")[2] as string;
    expect(server.said()).not.toContain(secret);
    for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) {
      if (name.startsWith("cache") || !statSync(join(data, name)).isFile()) continue;
      expect(readFileSync(join(data, name)).includes(secret), name).toBe(false);
    }
  });

  test("cannot be guessed at without end; whoever has a good one is not held up by who has none", async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const server = await startServer([], { data });
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i++) statuses.add((await ask(server, "/queue", { headers: bearer(`mzt_${i}`) })).status);
    expect([...statuses]).toEqual([401, 429]);
    const refused = await ask(server, "/queue", { headers: bearer("mzt_wrong") });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await asking(server, token, "/queue")).status).toBe(200);
  });

  test("makes so many requests a minute as it may, and no more", async () => {
    const data = dataFolder();
    const [{ token }, other] = [await tokenOf(data), await tokenOf(data)];
    const server = await startServer(["--rate-limit", "5"], { data });
    const statuses = [];
    for (let i = 0; i < 7; i++) statuses.push((await asking(server, token, "/prompt")).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect((await asking(server, other.token, "/prompt")).status).toBe(200);
  });
});

describe("listening", () => {
  test("elsewhere than on loopback is refused without a token, and without asking for it", async () => {
    const data = dataFolder();
    const serve = (...args: string[]) =>
      mezzotint(["serve", "--data", data, "--port", "0", "--listen", "0.0.0.0", ...args]);
    const without = await serve();
    expect(without.code).toBe(2);
    expect(without.stderr).toContain("mezzotint token create");
    await tokenOf(data);
    expect((await serve("--no-auth")).code).toBe(2);
  });

  test("with one it serves by every address, and asks there and on loopback", async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const server = await startServer(["--listen", "0.0.0.0"], { data });
    const { port } = new URL(server.url);
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === "IPv4" && !one.internal)?.address;
    for (const host of ["127.0.0.1", outer ?? "127.0.0.1"]) {
      const at = { url: `http://${host}:${port}` };
      expect((await ask(at, "/queue")).status).toBe(401);
      expect((await ask(at, "/queue", { headers: { ...bearer(token), host: `${host}:${port}` } })).status).toBe(200);
    }
    expect((await ask(server, "/queue", { headers: { ...bearer(token), host: "rebound.example" } })).status).toBe(403);
  });

  test("on loopback with --no-auth asks nobody", async () => {
    const data = dataFolder();
    await tokenOf(data);
    const server = await startServer(["--no-auth"], { data });
    await entryOf(server, await submit(server, showText("hi")));
  });
});
