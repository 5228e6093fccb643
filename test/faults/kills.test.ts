import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ask, dataFolder, startServer, type TestServer, testPack, until } from "../serve/server.js";
import { anyPrompt } from "./load.js";
import { unfinished, wholePictures } from "./pictures.js";
import { hasProc, hostsOf, killNow, noneLeft, workersOf } from "./processes.js";
import { type Random, random, seed, whole } from "./random.js";

const KILLS = whole ? 100 : 12;
/** Jobs that wait or run at any time. */
const OUTSTANDING = 12;
/** Every process of this test has this variable, so that none can hide. */
const MARK = "MEZZOTINT_TEST_RUN";

type Kind = "server" | "worker" | "host";

/** What the clients know: whatever was accepted, and how it was when it was first seen to be over. */
interface Known {
  readonly accepted: Set<string>;
  readonly over: Map<string, Over>;
}

interface Over {
  readonly status: string;
  readonly execution_end_time: number;
  readonly attempts: readonly { readonly outcome: string; readonly reason?: string }[];
}

/** A job as the server tells it; undefined when nobody answers or the server is going down. */
async function jobAt(server: TestServer, id: string): Promise<(Over & { readonly error: string }) | undefined> {
  const answer = await ask(server, `/api/jobs/${id}`).catch(() => undefined);
  if (answer === undefined) return undefined;
  expect(answer.status, `${id}: ${answer.text}`).toBe(200);
  const { status, execution_end_time, attempts, execution_error } = answer.json;
  return { status, execution_end_time, attempts, error: execution_error?.exception_message };
}

const isOver = (status: string): boolean => ["completed", "failed", "cancelled"].includes(status);

/** Looks at the jobs that were not over the last time; a client that is cut off looks again later. */
async function look(server: TestServer, { accepted, over }: Known): Promise<number> {
  let left = 0;
  for (const id of accepted) {
    if (over.has(id)) continue;
    const job = await jobAt(server, id);
    if (job && isOver(job.status)) over.set(id, job);
    else left++;
  }
  return left;
}

/** Submits a job until it is accepted, with its own id each time, as a careful client does when a connection breaks. */
async function submitSafely(serverNow: () => TestServer, prompt: object, { accepted }: Known): Promise<void> {
  const body = { prompt, prompt_id: randomUUID() };
  await until(
    async () => {
      const answer = await ask(serverNow(), "/prompt", { body }).catch(() => undefined);
      if (answer === undefined) return false;
      expect([200, 503], answer.text).toContain(answer.status);
      if (answer.status === 200) accepted.add(body.prompt_id);
      return answer.status === 200;
    },
    (done) => done,
    120,
  );
}

/** A process of a kind that lives now. */
function victim(server: TestServer, kind: Kind, { pick }: Random): number | undefined {
  if (kind === "server") return server.pid;
  const found = kind === "worker" ? workersOf(server.pid) : hostsOf(server.pid);
  return found.length === 0 ? undefined : pick(found);
}

test.skipIf(!hasProc)(
  `the server, workers and inference hosts are killed ${KILLS} times under load, and nothing is lost`,
  async () => {
    const chance = random(seed);
    const data = dataFolder();
    const run = randomUUID();
    const start = () => startServer([...testPack, "--workers", "2", "--jobs", "2"], { data, env: { [MARK]: run } });
    let server = await start();
    const known: Known = { accepted: new Set(), over: new Map() };
    const kills: Record<Kind, number> = { server: 0, worker: 0, host: 0 };

    let loading = true;
    const load = (async () => {
      while (loading) {
        const left = await look(server, known);
        for (let i = left; loading && i < OUTSTANDING; i++) await submitSafely(() => server, anyPrompt(chance), known);
        await sleep(10);
      }
    })();

    for (let done = 0; done < KILLS; ) {
      await sleep(chance.below(1200));
      const kind = chance.pick(["server", "worker", "host"] as const);
      const pid = victim(server, kind, chance);
      if (pid === undefined) continue;
      kills[kind]++;
      done++;
      if (kind !== "server") killNow(pid);
      else {
        await server.end("SIGKILL");
        server = await start();
      }
    }
    loading = false;
    await load;
    console.log(`faults: killed ${JSON.stringify(kills)}; ${known.accepted.size} jobs accepted`);

    await until(
      () => look(server, known),
      (left) => left === 0,
      240,
    );
    expect(await server.end("SIGTERM")).toBe(0);
    await noneLeft(MARK, run);
    await wholePictures(join(data, "output"));

    const last = await start();
    await checkJobs(last, known);
    await checkHistory(last, known, join(data, "output"));
    await until(
      async () => unfinished(join(data, "output")),
      (files) => files.length === 0,
    );
    expect(await last.end("SIGTERM")).toBe(0);
    await noneLeft(MARK, run);
    expect(Object.values(kills).reduce((sum, count) => sum + count)).toBe(KILLS);
  },
);

/** No job changed after it was over, each ended once, and every try of it is told. */
async function checkJobs(server: TestServer, { accepted, over }: Known): Promise<void> {
  let lost = 0;
  for (const id of accepted) {
    const job = (await jobAt(server, id))!;
    const { error, ...now } = job;
    expect(now, id).toEqual((({ error: _, ...rest }) => rest)(over.get(id) as typeof job));
    const outcomes = job.attempts.map(({ outcome }) => outcome);
    const final = job.status === "completed" ? "succeeded" : "lost";
    // All tries but the last were cut short. Given up is only what was alone in a process twice, as that was killed, and
    // what was lost ten times.
    expect(outcomes, `${id}: ${error}`).toEqual([...Array(outcomes.length - 1).fill("lost"), final]);
    for (const { outcome, reason } of job.attempts) if (outcome === "lost") expect(reason, id).toMatch(/\w/);
    if (job.status === "failed")
      expect(error, id).toMatch(/was lost (\d+ times and ended its worker 2 times|10 times)/);
    lost += outcomes.filter((outcome) => outcome === "lost").length;
  }
  console.log(
    `faults: ${lost} attempts were cut short, ${[...over.values()].filter(({ status }) => status === "failed").length} jobs given up after two`,
  );
  expect(lost).toBeGreaterThan(0);
}

/** Each job is in the history once, and what it says was saved is there. */
async function checkHistory(server: TestServer, { accepted, over }: Known, output: string): Promise<void> {
  const history = (await ask(server, "/history")).json;
  expect(Object.keys(history).sort()).toEqual([...accepted].sort());
  const there = new Set(await wholePictures(output));
  const named: string[] = [];
  for (const [id, { outputs, status }] of Object.entries<{ outputs: object; status: { completed: boolean } }>(
    history,
  )) {
    expect(status.completed, id).toBe(over.get(id)!.status === "completed");
    for (const { images = [] } of Object.values<{ images?: { filename: string; type: string }[] }>({ ...outputs }))
      for (const { filename, type } of images) if (type === "output") named.push(filename);
  }
  expect(named.filter((name) => !there.has(name))).toEqual([]);
  // Two jobs never share a file.
  expect(new Set(named).size).toBe(named.length);
}
