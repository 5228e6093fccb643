import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { follow } from "../serve/follow.js";
import { ask, showText, startServer, submit, type TestServer, testPack, until } from "../serve/server.js";
import { eachOf } from "./load.js";
import { hasProc, memoryOf, openFilesOf } from "./processes.js";
import { random, seed, whole } from "./random.js";
import { frame, openRaw } from "./raw-socket.js";

const pack: readonly string[] = [...testPack, "--pack", join(import.meta.dirname, "fixtures/pack.mjs")];
const CLIENTS = 200;
const CYCLES = 1000;
/** MiB that sockets may cost together, whatever their clients do. */
const GROWTH = 300;

const tell = (times: number, bytes: number) => ({ 1: { class_type: "Tell", inputs: { times, bytes } } });

/** A server with a worker that is there. */
async function ready(): Promise<TestServer> {
  const server = await startServer([...pack, "--jobs", "16"]);
  await until(
    () => ask(server, "/ready"),
    ({ json }) => json.ready,
  );
  return server;
}

const idle = (server: TestServer) =>
  until(
    () => ask(server, "/prompt"),
    ({ json }) => json.exec_info.queue_remaining === 0,
    240,
  );

/** Fails when a server holds much more than before; says how much. */
function bounded(server: TestServer, before: { readonly now: number } | undefined): void {
  if (!before) return;
  const { now, most } = memoryOf(server.pid);
  console.log(
    `faults: the server held ${before.now.toFixed()} MiB before, ${now.toFixed()} after, ${most.toFixed()} at most`,
  );
  expect(most - before.now).toBeLessThan(GROWTH);
}

const memoryNow = (server: TestServer) => (hasProc ? memoryOf(server.pid) : undefined);

test(`${CLIENTS} clients that never read cost a bounded amount of memory, and nobody else anything`, async () => {
  const server = await ready();
  const reader = await follow(server, "reader");
  const before = memoryNow(server);
  const names = Array.from({ length: CLIENTS }, (_, i) => `slow-${i}`);
  const opened = await eachOf(names, (client) => openRaw(server, client));
  // One user may have a hundred; who is refused is told so.
  const open = names.filter((_, i) => opened[i]!.status === 101);
  expect(open.length).toBeGreaterThanOrEqual(90);
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([101, 503]));
  // To each: previews and progress, which may be left out, and 3.5 MB of texts, which may not.
  for (let i = 0; i < 5; i++) await eachOf(open, (client_id) => submit(server, tell(10, 700_000), { client_id }));
  await idle(server);
  const mine = await submit(server, tell(20, 1000), { client_id: "reader" });
  await reader.until("execution_success", ({ prompt_id }) => prompt_id === mine);
  bounded(server, before);
  expect(reader.previews.length).toBeGreaterThan(0);
});

test("clients that vanish in the middle, flood, or send garbage leave nothing, and the server answers meanwhile", async () => {
  const server = await ready();
  const before = memoryNow(server);
  const chance = random(seed);
  const json = Buffer.from(JSON.stringify({ type: "nobody", data: "x".repeat(900_000) }));
  const attacks: readonly (() => Buffer)[] = [
    // Garbage, reserved bits, unmasked, unknown opcodes.
    () => Buffer.from(Array.from({ length: 1000 }, () => chance.below(256))),
    () => Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
    () => Buffer.from([0x81, 0x01, 0x41]),
    () => frame(0xb, Buffer.from("x")),
    // Frames that announce 2^63 − 1 bytes, and 2 GiB, and never send them; control frames that are too long.
    () => frame(1, Buffer.from("x"), { length: 2 ** 31 }),
    () => Buffer.from([0x82, 0xff, 0x7f, ...Array(7).fill(0xff), 0, 0, 0, 0]),
    () => frame(9, Buffer.alloc(1000)),
    // Text that is no UTF-8; a message in fragments that never end.
    () => frame(1, Buffer.from([0xff, 0xfe, 0xc0])),
    () =>
      Buffer.concat(
        Array.from({ length: 20 }, (_, i) => frame(i === 0 ? 1 : 0, Buffer.alloc(100_000, 65), { fin: false })),
      ),
  ];
  for (const attack of attacks) {
    const { socket, closed } = await openRaw(server, "garbage");
    socket.resume();
    socket.write(attack());
    await closed;
  }
  // These say nothing that is forbidden, only too much of it.
  const floods = [
    frame(1, json),
    frame(2, json),
    frame(9, Buffer.alloc(100)),
    frame(1, Buffer.from("[".repeat(100_000))),
  ];
  for (const flood of floods) {
    const { socket, closed } = await openRaw(server, "flood");
    let sent = 0;
    let cutOff = false;
    void closed.then(() => {
      cutOff = true;
    });
    const more = () => {
      while (sent++ < 300 && socket.write(flood));
    };
    socket.on("drain", more);
    more();
    // The server may read it all, or have enough of it: who asks for answers and reads none is cut off.
    await until(
      async () => cutOff || sent >= 300,
      (over) => over,
      60,
    );
    expect((await ask(server, "/queue")).status).toBe(200);
    socket.destroy();
  }
  // Those that go in the middle of a job of theirs.
  await eachOf(
    Array.from({ length: 30 }, (_, i) => `gone-${i}`),
    async (client_id) => {
      const { socket } = await openRaw(server, client_id);
      const id = await submit(server, tell(50, 10_000), { client_id });
      await sleep(chance.below(100));
      if (chance.chance(0.5)) socket.destroy();
      else socket.resetAndDestroy();
      await until(
        () => ask(server, `/api/jobs/${id}`),
        ({ json: { status } }) => status === "completed",
        60,
      );
    },
  );
  bounded(server, before);
  const last = await follow(server, "last");
  const id = await submit(server, showText("a"), { client_id: "last" });
  await last.until("execution_success", ({ prompt_id }) => prompt_id === id);
});

test(`${CYCLES} connections that come and go leak nothing`, async () => {
  const server = await ready();
  const cycle = async (i: number) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws?clientId=cycle-${i % 300}`);
    await new Promise((resolve, reject) => {
      socket.once("message", resolve);
      socket.once("error", reject);
    });
    if (i % 3 === 0) socket.send(JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } }));
    if (i % 3 === 1) socket.close();
    else socket.terminate();
  };
  const cycles = (count: number) =>
    eachOf(
      Array.from({ length: count }, (_, i) => i),
      cycle,
    );
  await cycles(50);
  const sockets = () => openFilesOf(server.pid).filter((path) => path.startsWith("socket:")).length;
  const [before, open] = hasProc ? [memoryNow(server), sockets()] : [];
  await cycles(CYCLES);
  if (open !== undefined)
    await until(
      async () => sockets(),
      (count) => count <= open,
    );
  bounded(server, before);
  // The places of all that went are free: as many as one user may have get in again.
  const again = await eachOf(
    Array.from({ length: 90 }, (_, i) => `again-${i}`),
    (client) => openRaw(server, client),
  );
  expect(again.map(({ status }) => status)).toEqual(Array(90).fill(101));
});

test.skipIf(!whole)("a socket whose client does not answer pings is dropped", async () => {
  const server = await ready();
  const { closed, socket } = await openRaw(server, "half-open");
  socket.resume();
  await closed;
});
