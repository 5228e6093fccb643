import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../command.js";
import { ask, dataFolder, showText, startServer, submit, type TestServer, testPack, until } from "../serve/server.js";
import { sampled, wait } from "./load.js";
import { random, seed } from "./random.js";

const HOUR = 3_600_000;

/** A server whose clock can be set, on a data directory that it can be started on again. */
function withClock() {
  const file = join(temporaryFolder(), "clock");
  /** Sets the clock so many hours off. */
  const set = (hours: number): void => writeFileSync(file, String(hours * HOUR));
  set(0);
  const data = dataFolder();
  const preload = pathToFileURL(join(import.meta.dirname, "fixtures/clock.mjs")).href;
  const env = { MEZZOTINT_TEST_CLOCK: file, NODE_OPTIONS: `--import=${preload}` };
  const args = [...testPack, "--jobs", "1", "--allow-private-urls"];
  return { set, start: () => startServer(args, { data, env }) };
}

interface Job {
  readonly id: string;
  readonly status: string;
  readonly create_time: number;
  readonly execution_start_time: number;
  readonly execution_end_time: number;
  readonly execution_status: { readonly messages: readonly [name: string, data: { timestamp: number }][] };
  readonly attempts: readonly { readonly outcome: string; readonly start_time: number; readonly end_time: number }[];
}

const jobOf = async (server: TestServer, id: string): Promise<Job> => (await ask(server, `/api/jobs/${id}`)).json;

const ended = async (server: TestServer): Promise<string[]> => Object.keys((await ask(server, "/history")).json);

/** Something that is told of ends of jobs, and refuses to hear of it the first time; which jobs it was told of. */
async function receiver(): Promise<{ readonly url: string; readonly told: readonly string[] }> {
  const told: string[] = [];
  const server = createServer((request, response) => {
    told.push(String(request.headers["webhook-id"]));
    request.resume();
    response.writeHead(told.length === 1 ? 503 : 204).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told };
}

/** What a job's times say makes sense, however the clock went. */
function checkTimes({ id, create_time, execution_start_time, execution_end_time, ...job }: Job): void {
  expect(execution_start_time, id).toBeGreaterThanOrEqual(create_time);
  expect(execution_end_time, id).toBeGreaterThanOrEqual(execution_start_time);
  const stamps = job.execution_status.messages.map(([, { timestamp }]) => timestamp);
  expect(stamps, id).toEqual(stamps.toSorted((a, b) => a - b));
  for (const { start_time, end_time } of job.attempts) expect(end_time, id).toBeGreaterThanOrEqual(start_time);
}

test("a clock that jumps by hours, back and forth, changes no order, ends no job, and keeps none from ending", async () => {
  const { set, start } = withClock();
  const { below } = random(seed);
  const server = await start();
  const blocker = await submit(server, wait(24 * HOUR));
  await until(
    () => jobOf(server, blocker),
    ({ status }) => status === "in_progress",
  );
  const ids: string[] = [];
  for (const hours of [0, -5, 7, -30, 48, 0]) {
    set(hours);
    for (let i = 0; i < 5; i++) ids.push(await submit(server, i === 4 ? wait(100) : showText(`${hours} ${i}`)));
  }
  ids.push(await submit(server, sampled(1)));
  const { queue_pending } = (await ask(server, "/queue")).json;
  expect(queue_pending.map((tuple: unknown[]) => tuple[1])).toEqual(ids);

  const jumping = setInterval(() => set(below(100) - 50), 40);
  onTestFinished(() => clearInterval(jumping));
  expect((await ask(server, `/api/jobs/${blocker}/cancel`, { method: "POST" })).json).toEqual({ cancelled: true });
  await until(
    () => jobOf(server, ids.at(-1)!),
    ({ status }) => status === "completed",
    120,
  );
  expect(await ended(server)).toEqual([blocker, ...ids]);
  for (const id of [blocker, ...ids]) {
    const job = await jobOf(server, id);
    expect([job.status, job.attempts.length], id).toEqual([id === blocker ? "cancelled" : "completed", 1]);
    checkTimes(job);
  }
  clearInterval(jumping);

  // What a node keeps busy is ended all the same, and what was tried before the clock went back is told in order.
  set(30);
  const hung = await submit(server, { 1: { class_type: "Spin", inputs: {} } });
  await until(
    () => jobOf(server, hung),
    ({ status }) => status === "in_progress",
  );
  set(-30);
  await ask(server, "/interrupt", { method: "POST" });
  checkTimes(
    await until(
      () => jobOf(server, hung),
      ({ status }) => status === "cancelled",
    ),
  );
});

test("a job's end is told though the clock was set back before it, and once more before the second try", async () => {
  const { set, start } = withClock();
  const { url, told } = await receiver();
  set(20);
  const server = await start();
  const { json } = await ask(server, "/api/v2/jobs", { body: { workflow: wait(1000), webhook: { url } } });
  set(0);
  await until(
    async () => told,
    () => told.length === 1,
  );
  set(-20);
  await until(
    async () => told,
    () => told.length === 2,
  );
  expect(told).toEqual([`msg_${json.id}`, `msg_${json.id}`]);
  // Figures are of the process's own clock.
  const { text } = await ask(server, "/metrics");
  const sum = Number(/^mezzotint_job_run_seconds_sum (\S+)$/m.exec(text)?.[1]);
  expect(sum).toBeGreaterThan(0);
  expect(sum).toBeLessThan(600);
});

test("a server that starts in the past goes on where it was", async () => {
  const { set, start } = withClock();
  set(20);
  const first = await start();
  const done = await submit(first, showText("done"));
  await until(
    () => jobOf(first, done),
    ({ status }) => status === "completed",
  );
  const cut = await submit(first, wait(1500));
  const waits = await submit(first, showText("waits"));
  await until(
    () => jobOf(first, cut),
    ({ status }) => status === "in_progress",
  );
  await first.end("SIGKILL");

  set(-20);
  const second = await start();
  const last = await submit(second, showText("last"));
  await until(
    () => jobOf(second, last),
    ({ status }) => status === "completed",
  );
  expect(await ended(second)).toEqual([done, cut, waits, last]);
  const job = await jobOf(second, cut);
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "succeeded"]);
  for (const id of [done, cut, waits, last]) checkTimes(await jobOf(second, id));
  expect((await ask(second, "/ready")).json.ready).toBe(true);
});
