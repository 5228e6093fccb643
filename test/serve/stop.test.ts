import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../command.js";
import { follow } from "./follow.js";
import { ask, entryOf, showText, startServer, submit, type TestServer, testPack, until } from "./server.js";

const spin = { 1: { class_type: "Spin", inputs: {} } };

const isRunning = (server: TestServer, id: string) =>
  until(
    () => ask(server, `/api/jobs/${id}`),
    ({ json }) => json.status === "in_progress",
  );

test("an interrupt ends a node that listens to nothing, and the queue goes on", async () => {
  const server = await startServer(testPack);
  const socket = await follow(server, "me");
  // A job before it, so that the worker is there and the time below is the interrupt's alone.
  await entryOf(server, await submit(server, showText("first")));
  const id = await submit(server, spin, { client_id: "me" });
  await isRunning(server, id);
  await socket.until("execution_start", (data) => data.prompt_id === id);
  const next = await submit(server, showText("next"));
  const asked = Date.now();
  expect((await ask(server, "/interrupt", { method: "POST" })).status).toBe(200);
  await socket.until("execution_interrupted", (data) => data.prompt_id === id);
  // The node would go on for a minute.
  expect(Date.now() - asked).toBeLessThan(3000);
  const { status } = await entryOf(server, id);
  expect(status).toMatchObject({ status_str: "error", completed: false });
  expect(status.messages.map(([name]: [string]) => name).at(-1)).toBe("execution_interrupted");
  expect((await entryOf(server, next)).status.completed).toBe(true);
});

test("an interrupt ends a sampler in the middle of a step", async () => {
  const server = await startServer();
  const prompt = JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));
  const { inputs: canvas } = prompt[4];
  Object.assign(canvas, { width: 640, height: 640 });
  prompt[5].inputs.steps = 1000;
  const socket = await follow(server, "me");
  const id = await submit(server, prompt, { client_id: "me" });
  await socket.until("progress", (data) => data.node === "5");
  const asked = Date.now();
  await ask(server, "/interrupt", { body: { prompt_id: id } });
  await entryOf(server, id);
  expect(Date.now() - asked).toBeLessThan(3000);
});

test("an interrupt of another job changes nothing", async () => {
  const server = await startServer(testPack);
  const id = await submit(server, { 1: { class_type: "Wait", inputs: { ms: 300 } } });
  await isRunning(server, id);
  await ask(server, "/interrupt", { body: { prompt_id: "10000000-0000-4000-8000-000000000000" } });
  expect((await entryOf(server, id)).status.completed).toBe(true);
});

test("jobs are cancelled by id, waiting and running, once", async () => {
  const server = await startServer(testPack);
  const running = await submit(server, spin);
  await isRunning(server, running);
  const waiting = await submit(server, showText("a"));
  const cancel = async (id: string) => (await ask(server, `/api/jobs/${id}/cancel`, { method: "POST" })).json;
  expect(await cancel(waiting)).toEqual({ cancelled: true });
  expect(await cancel(waiting)).toEqual({ cancelled: false });
  expect((await ask(server, "/api/jobs/cancel", { body: { job_ids: [running, waiting] } })).json).toEqual({
    cancelled: true,
  });
  const { json } = await until(
    () => ask(server, `/api/jobs?status=cancelled`),
    (answer) => answer.json.jobs.length === 2,
  );
  expect(json.jobs.map(({ id }: { id: string }) => id).sort()).toEqual([running, waiting].sort());
});

test("a worker that dies is replaced; the job that killed it twice fails with the reason", async () => {
  const server = await startServer(testPack);
  const crash = await submit(server, { 1: { class_type: "Crash", inputs: {} } });
  const next = await submit(server, showText("next"));
  const { status } = await entryOf(server, crash);
  expect(status.status_str).toBe("error");
  expect((await entryOf(server, next)).status.completed).toBe(true);
  expect((await ask(server, "/ready")).json.ready).toBe(true);
});

test("jobs survive the server's death, and run when it is started again", async () => {
  const first = await startServer(testPack);
  const { data } = first;
  const done = await submit(first, showText("done"));
  await entryOf(first, done);
  const running = await submit(first, { 1: { class_type: "Wait", inputs: { ms: 1000 } } });
  await isRunning(first, running);
  const waiting: string[] = [];
  for (let i = 0; i < 20; i++) waiting.push(await submit(first, showText(`text ${i}`)));
  await first.end("SIGKILL");

  const second = await startServer(testPack, { data });
  expect(second.said()).not.toMatch(/error/i);
  expect((await ask(second, `/history/${done}`)).json[done].status.completed).toBe(true);
  for (const id of [running, ...waiting]) expect((await entryOf(second, id)).status.completed, id).toBe(true);
  const history = Object.keys((await ask(second, "/history")).json);
  expect(history).toEqual([done, running, ...waiting]);
});

test("a second server of a data directory is refused, and the first goes on", async () => {
  const first = await startServer();
  await expect(startServer([], { data: first.data })).rejects.toThrow(/[Aa]nother server/);
  expect((await ask(first, "/ready")).status).toBe(200);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends it in good order: a job that is nearly done ends",
  async (signal) => {
    const server = await startServer(testPack);
    const id = await submit(server, { 1: { class_type: "Wait", inputs: { ms: 500 } } });
    await isRunning(server, id);
    expect(await server.end(signal)).toBe(0);
    const again = await startServer(testPack, { data: server.data });
    const { json } = await ask(again, `/history/${id}`);
    expect(json[id].status.completed).toBe(true);
  },
);
