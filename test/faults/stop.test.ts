import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { ask, dataFolder, showText, startServer, submit, type TestServer, testPack, until } from "../serve/server.js";
import { wait } from "./load.js";
import { hasProc, noneLeft } from "./processes.js";
import { whole } from "./random.js";

const MARK = "MEZZOTINT_TEST_RUN";
/** Longer than any test takes: whoever waits for it waits in vain. */
const HOUR = 3_600_000;
const spin = { 1: { class_type: "Spin", inputs: {} } };

/** A server, all of whose processes can be found, on a data directory of its own or another's. */
function started(data = dataFolder(), run = randomUUID()) {
  const start = () => startServer([...testPack, "--workers", "2", "--jobs", "1"], { data, env: { [MARK]: run } });
  return { start, gone: () => (hasProc ? noneLeft(MARK, run) : undefined) };
}

async function running(server: TestServer, prompt: object): Promise<string> {
  const id = await submit(server, prompt);
  await until(
    () => ask(server, `/api/jobs/${id}`),
    ({ json }) => json.status === "in_progress",
  );
  return id;
}

const jobOf = async (server: TestServer, id: string) => (await ask(server, `/api/jobs/${id}`)).json;

test("what has not ended within the limit is handed back, and runs at the next start as if nothing had been", async () => {
  const { start, gone } = started();
  const first = await start();
  const [long, hung] = [await running(first, wait(HOUR)), await running(first, spin)];
  const next = await submit(first, showText("next"));
  expect(await first.end("SIGTERM")).toBe(0);
  await gone();
  expect(first.said()).not.toMatch(/"level":50/);

  const second = await start();
  for (const id of [long, hung]) {
    const { json } = await until(
      () => ask(second, `/api/jobs/${id}`),
      (answer) => answer.json.status === "in_progress",
    );
    expect(json.attempts).toMatchObject([{ outcome: "returned", reason: "the server stopped" }, { attempt: 2 }]);
  }
  // Both take the places they had; who waited waits on, and its turn comes.
  expect((await jobOf(second, next)).status).toBe("pending");
  await ask(second, "/interrupt", { body: { prompt_id: long } });
  await until(
    () => jobOf(second, next),
    ({ status }) => status === "completed",
  );
  await second.end("SIGKILL");
  await gone();
});

test.each(whole ? (["SIGTERM", "SIGINT"] as const) : (["SIGTERM"] as const))(
  "a second %s ends all at once; nothing is lost",
  async (signal) => {
    const { start, gone } = started();
    const first = await start();
    const [long, hung] = [await running(first, wait(HOUR)), await running(first, spin)];
    const ended = first.end(signal);
    // It has begun to stop when it takes no more from the queue: one of its places is free, and stays so.
    await ask(first, "/interrupt", { body: { prompt_id: long } });
    await until(
      () => jobOf(first, long),
      ({ status }) => status === "cancelled",
    );
    const late = await submit(first, showText("late"));
    expect((await jobOf(first, late)).status).toBe("pending");
    void first.end(signal);
    // An end in good order would have been 0.
    expect(await ended).toBe(130);
    await gone();

    const second = await start();
    await until(
      () => jobOf(second, late),
      ({ status }) => status === "completed",
    );
    const { attempts } = await jobOf(second, hung);
    expect(attempts[0]).toMatchObject({ outcome: "lost", reason: "the server stopped" });
    await second.end("SIGKILL");
    await gone();
  },
);

test("a job that was cancelled while the server stops is cancelled, and none that ended is run again", async () => {
  const { start } = started();
  const first = await start();
  const [long, short] = [await running(first, wait(HOUR)), await running(first, wait(300))];
  const ended = first.end("SIGTERM");
  expect((await ask(first, `/api/jobs/${long}/cancel`, { method: "POST" })).json).toEqual({ cancelled: true });
  expect(await ended).toBe(0);
  const second = await start();
  for (const [id, status, outcome] of [
    [long, "cancelled", "cancelled"],
    [short, "completed", "succeeded"],
  ]) {
    const job = await jobOf(second, id!);
    expect(job.status).toBe(status);
    expect(job.attempts.map((one: { outcome: string }) => one.outcome)).toEqual([outcome]);
  }
});

test.skipIf(!whole || !hasProc)(
  "a dozen workers end with their server, and none of them is taken for a leak",
  async () => {
    const [data, run] = [dataFolder(), randomUUID()];
    const server = await startServer(["--workers", "12"], { data, env: { [MARK]: run } });
    await until(
      () => ask(server, "/ready"),
      ({ json }) => json.workers === 12,
      120,
    );
    expect(server.said()).not.toMatch(/MaxListeners/);
    await server.end("SIGKILL");
    await noneLeft(MARK, run);
  },
);
