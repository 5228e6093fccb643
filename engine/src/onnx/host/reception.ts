/**
 * The thread of the inference host that talks to clients, while the main thread is busy with the device. File descriptor
 * 3 is whom the host was started by, and its first client; the host ends with it.
 */
import { rmdirSync, unlinkSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { dirname } from "node:path";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type Frame, writeFrame } from "../../process/index.js";
import { Desk } from "./desk.js";
import type { ToDevice } from "./device.js";
import type { Farewell, Reply, Request } from "./messages.js";
import { serveClient } from "./visit.js";

const device = parentPort as MessagePort;
const owner = new Socket({ fd: 3, readable: true, writable: true });
/** Milliseconds that the last word may take to be heard. */
const FAREWELL = 100;
/** Where others come in. */
let door: string | undefined;

/** Ends the process, whatever its main thread does; nothing less ends a run. */
function end(): void {
  try {
    // Who made the folder may be gone, and cannot remove it.
    if (door !== undefined) unlinkSync(door);
    if (door !== undefined) rmdirSync(dirname(door));
  } catch {
    // It is gone already, or is no file.
  }
  process.kill(process.pid, "SIGKILL");
}

const desk = new Desk({
  toDevice: (message) => device.postMessage(message, buffersOf(message)),
  end: (why) => {
    const farewell: Farewell = { type: "ending", why };
    writeFrame(owner, farewell);
    owner.end(end);
    setTimeout(end, FAREWELL);
  },
});

/** The data goes over without a copy. */
function buffersOf(message: ToDevice): ArrayBuffer[] {
  const parts = "frame" in message ? message.frame.parts : [];
  return [...new Set(parts.map(({ buffer }) => buffer as ArrayBuffer))];
}

function listen({ id, path }: Extract<Request, { type: "listen" }>): void {
  const answer = (reply: Reply) => writeFrame(owner, reply);
  const server = createServer((client) => serveClient(desk, client, ({ message }) => message.type === "listen"));
  server.once("error", ({ message }) => answer({ type: "failed", id, doing: "listen", message }));
  server.listen(path, () => {
    door = path;
    answer({ type: "listening", id });
  });
}

serveClient(desk, owner, ({ message }) => {
  if (message.type !== "listen") return false;
  listen(message);
  return true;
});
owner.on("close", end);
// Should something else hold the other end of the stream.
setInterval(() => {
  if (process.ppid !== workerData) end();
}, 1000);

device.on("message", (answer: Frame<Reply>) => desk.done(answer));
