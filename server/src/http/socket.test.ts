import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { openSockets, type SocketHub } from "./socket.js";

let server: Server;
let hub: SocketHub;
let remaining: number;
const clients: WebSocket[] = [];

const start = async (options: Partial<Parameters<typeof openSockets>[0]> = {}) => {
  hub = openSockets({ remaining: () => remaining, features: { supports_preview_metadata: true }, ...options });
  server = createServer();
  hub.attach(server, {
    authorize: ({ headers }) =>
      headers["x-user"] === "nobody" ? { refused: 401, reason: "a token is needed" } : { user: "u" },
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
};

beforeEach(() => {
  remaining = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await hub.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

interface Client {
  readonly ws: WebSocket;
  readonly texts: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  readonly frames: Buffer[];
  /** Resolves when a text of this type has come. */
  readonly text: (type: string, count?: number) => Promise<void>;
}

async function connect(path = "/ws?clientId=me", headers: Record<string, string> = {}): Promise<Client> {
  const { port } = server.address() as AddressInfo;
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  clients.push(ws);
  const texts: Client["texts"] = [];
  const frames: Buffer[] = [];
  ws.on("message", (data, binary) => {
    if (binary) frames.push(data as Buffer);
    else texts.push(JSON.parse(String(data)));
  });
  await new Promise<void>((done, fail) => {
    ws.on("open", () => done());
    ws.on("error", fail);
  });
  const text = (type: string, count = 1) =>
    vi.waitFor(() => expect(texts.filter((one) => one.type === type).length).toBeGreaterThanOrEqual(count));
  await text("status");
  return { ws, texts, frames, text };
}

const preview = (bytes = 1) => ({
  plain: () => Buffer.alloc(bytes, 1),
  described: () => Buffer.alloc(bytes, 4),
});

test("the first message says how long the queue is and who one is; without an id one is given", async () => {
  await start();
  remaining = 3;
  const { texts } = await connect();
  expect(texts).toEqual([{ type: "status", data: { status: { exec_info: { queue_remaining: 3 } }, sid: "me" } }]);
  const other = await connect("/api/ws");
  expect(other.texts[0]!.data.sid).toMatch(/^[0-9a-f]{32}$/);
});

test("previews have metadata for those who said that they read it", async () => {
  await start();
  const old = await connect("/ws?clientId=old");
  const young = await connect("/ws?clientId=young");
  young.ws.send("no JSON");
  young.ws.send('{"type":"feature_flags","data":{"supports_preview_metadata":true}}');
  await young.text("feature_flags");
  expect(young.texts[1]).toEqual({ type: "feature_flags", data: { supports_preview_metadata: true } });
  for (const client of ["old", "young", "nobody"]) hub.toClient("u", client, preview());
  await vi.waitFor(() => expect([old.frames[0]?.[0], young.frames[0]?.[0]]).toEqual([1, 4]));
});

test("messages reach the client that they are for", async () => {
  await start();
  const [mine, others] = [await connect(), await connect("/ws?clientId=other")];
  hub.toClient("u", "me", { text: '{"type":"mine"}' });
  hub.toClient("somebody", "me", { text: '{"type":"strange"}' });
  hub.toUser("u", { text: '{"type":"all"}' });
  await Promise.all([mine.text("all"), others.text("all")]);
  expect([mine, others].map(({ texts }) => texts.slice(1).map(({ type }) => type))).toEqual([["mine", "all"], ["all"]]);
});

test("the socket that a client opened last hears of its jobs; when it is gone, the one before", async () => {
  await start();
  const presence: unknown[] = [];
  hub.onPresence((...args) => presence.push(args));
  const first = await connect();
  const second = await connect();
  hub.toClient("u", "me", { text: '{"type":"one"}' });
  await second.text("one");
  second.ws.close();
  await vi.waitFor(() => expect(hub.count()).toBe(1));
  hub.toClient("u", "me", { text: '{"type":"two"}' });
  await first.text("two");
  expect(first.texts.map(({ type }) => type)).toEqual(["status", "two"]);
  first.ws.close();
  await vi.waitFor(() => expect(presence.at(-1)).toEqual(["u", "me", false]));
  expect(presence).toHaveLength(3);
  expect(hub.listens("u", "me")).toBe(false);
});

test("the queue's length is told at once to whose job changed it, and together to the others", async () => {
  await start();
  const [mine, other] = [await connect(), await connect("/ws?clientId=other")];
  const job = { id: "j", user: "u", client: "me" };
  for (remaining = 1; remaining <= 50; remaining++) hub.status(job);
  await other.text("status", 2);
  await mine.text("status", 51);
  expect(other.texts.at(-1)!.data.status).toEqual({ exec_info: { queue_remaining: 51 } });
  expect(other.texts).toHaveLength(2);
});

test.each([
  ["/other", {}, 404],
  ["/ws/x", {}, 404],
  ["/ws", { "x-user": "nobody" }, 401],
  [`/ws?clientId=${"x".repeat(129)}`, {}, 400],
])("%s %o is refused", async (path, headers, status) => {
  await start();
  await expect(connect(path, headers)).rejects.toThrow(String(status));
  expect(hub.count()).toBe(0);
});

test("more sockets than may be are refused; a client that comes back often enough gets in", async () => {
  await start({ mostPerUser: 9 });
  for (let i = 0; i < 10; i++) await connect();
  await vi.waitFor(() => expect(hub.count()).toBe(8));
  await connect("/ws?clientId=other");
  await expect(connect("/ws?clientId=third")).rejects.toThrow("503");
});

test("who sends too much is cut off", async () => {
  await start();
  const { ws } = await connect();
  const closed = new Promise((done) => ws.once("close", done));
  ws.send("x".repeat(2 * 1024 * 1024));
  expect(await closed).toBe(1009);
});

test("who does not answer pings is cut off", async () => {
  await start({ pingEvery: 30 });
  const alive = await connect("/ws?clientId=alive");
  const { ws } = await connect();
  ws.pause();
  await vi.waitFor(() => expect(hub.listens("u", "me")).toBe(false));
  expect(alive.ws.readyState).toBe(WebSocket.OPEN);
});

test("a client that does not read costs a bounded amount of memory, and nobody else anything", async () => {
  await start();
  const [slow, quick] = [await connect("/ws?clientId=slow"), await connect("/ws?clientId=quick")];
  slow.ws.pause();
  const MiB = 1024 * 1024;
  let made = 0;
  const picture = Buffer.alloc(MiB);
  const both = (message: Parameters<SocketHub["toUser"]>[1]) => hub.toUser("u", message);
  // Previews: what does not fit is not even made.
  for (let i = 0; i < 200; i++) {
    hub.toClient("u", "slow", {
      plain: () => {
        made++;
        return picture;
      },
      described: () => picture,
    });
    await sleep(0);
  }
  expect(made).toBeLessThan(50);
  // Progress: only the newest of each kind waits.
  const long = "x".repeat(200);
  for (let i = 0; i < 100_000; i++)
    hub.toClient("u", "slow", { text: `{"type":"progress","data":"${i} ${long}"}`, latest: "p" });
  expect(hub.listens("u", "slow")).toBe(true);
  // What must be told is kept for it up to a limit; then it is cut off.
  const before = process.memoryUsage();
  for (let i = 0; i < 64 && hub.listens("u", "slow"); i++) {
    both({ text: JSON.stringify({ type: "executed", data: "x".repeat(MiB) }) });
    await quick.text("executed", i + 1);
  }
  expect(hub.listens("u", "slow")).toBe(false);
  const { external, arrayBuffers } = process.memoryUsage();
  expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(128 * MiB);
  both({ text: '{"type":"still here"}' });
  await quick.text("still here");
});

test("a slow client gets every result, where previews are left out; what never takes them is cut off", async () => {
  await start();
  const MiB = 1024 * 1024;
  const result = { ...preview(4 * MiB), result: true };
  const { ws, frames, texts, text } = await connect();
  ws.pause();
  for (let i = 0; i < 6; i++) hub.toClient("u", "me", result);
  hub.toClient("u", "me", { text: '{"type":"after"}' });
  ws.resume();
  await text("after");
  expect(frames.map(({ length }) => length)).toEqual(Array(6).fill(4 * MiB));
  expect(texts.at(-1)?.type).toBe("after");
  ws.pause();
  for (let i = 0; i < 20 && hub.listens("u", "me"); i++) {
    hub.toClient("u", "me", result);
    await sleep(0);
  }
  await vi.waitFor(() => expect(hub.listens("u", "me")).toBe(false));
});

test("a slow client hears the newest progress when it reads again, before what must come after", async () => {
  await start();
  const { ws, texts, frames, text } = await connect();
  ws.pause();
  // Fills what the system buffers, so that the rest waits here.
  for (let i = 0; i < 20; i++) hub.toClient("u", "me", { text: `{"type":"filler","data":"${"x".repeat(300_000)}"}` });
  for (let i = 0; i < 1000; i++) hub.toClient("u", "me", { text: `{"type":"progress","data":${i}}`, latest: "p" });
  hub.toClient("u", "me", { text: '{"type":"after"}' });
  ws.resume();
  await text("after");
  const tail = texts.slice(-2);
  expect(tail).toEqual([{ type: "progress", data: 999 }, { type: "after" }]);
  expect(texts.filter(({ type }) => type === "progress").length).toBeLessThan(1000);
  expect(frames).toEqual([]);
});

test("closing says goodbye", async () => {
  await start();
  const { ws } = await connect();
  const closed = new Promise((done) => ws.once("close", done));
  await hub.close();
  expect(await closed).toBe(1001);
  await expect(connect()).rejects.toThrow("503");
});
