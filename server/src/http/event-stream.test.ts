import { connect } from "node:net";
import express from "express";
import { expect, test } from "vitest";
import { type EventStream, openEventStream } from "./event-stream.js";

test("a client that does not read is written to until its buffers are full, and again when it reads", async () => {
  const app = express();
  const opened = new Promise<{ stream: EventStream; ready: () => number; closed: Promise<void> }>((resolve) => {
    app.get("/", (_request, response) => {
      let count = 0;
      let close: () => void;
      const closed = new Promise<void>((done) => {
        close = done;
      });
      const stream = openEventStream(response, { onReady: () => count++, onClose: () => close() });
      resolve({ stream, ready: () => count, closed });
    });
  });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const { stream, ready, closed } = await opened;

  // What the kernel takes is more than a few events; it is not endless.
  let sent = 0;
  const data = "x".repeat(100_000);
  while (sent < 1000) {
    for (; stream.ready() && sent < 1000; sent++) stream.send({ event: "status", data });
    const before = ready();
    await new Promise((next) => setTimeout(next, 50));
    if (ready() === before) break;
  }
  expect(sent).toBeLessThan(1000);
  expect(stream.ready()).toBe(false);

  socket.resume();
  await expect.poll(stream.ready).toBe(true);
  socket.destroy();
  await closed;
  expect(stream.ready()).toBe(false);
  server.close();
});
