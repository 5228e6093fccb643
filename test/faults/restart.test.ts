import { expect, test } from "vitest";
import { ask, showText, startServer, submit, type TestServer, testPack, until } from "../serve/server.js";
import { eachOf, wait } from "./load.js";
import { random, seed, whole } from "./random.js";

const JOBS = 1000;
/** One job at a time, so that the order in which jobs end is the one in which they ran. */
const oneByOne = [...testPack, "--jobs", "1"];

/** What waits, in the order in which it will run. */
const waiting = async (server: TestServer): Promise<string[]> =>
  (await ask(server, "/queue")).json.queue_pending.map((tuple: unknown[]) => tuple[1]);

const counts = async (server: TestServer): Promise<number> =>
  (await ask(server, "/prompt")).json.exec_info.queue_remaining;

const ended = async (server: TestServer): Promise<string[]> => Object.keys((await ask(server, "/history")).json);

/** How each of the jobs was tried. */
const triesOf = (server: TestServer, ids: readonly string[]): Promise<string[][]> =>
  eachOf(ids, async (id) => {
    const { attempts } = (await ask(server, `/api/jobs/${id}`)).json;
    return attempts.map(({ outcome }: { outcome: string }) => outcome);
  });

/** Fills a queue behind a job that takes an hour; some ask to go first, some to be anywhere. */
async function fill(server: TestServer): Promise<{ readonly blocker: string; readonly order: readonly string[] }> {
  const { chance, below } = random(seed);
  const blocker = await submit(server, wait(3_600_000));
  await until(
    () => ask(server, `/api/jobs/${blocker}`),
    ({ json }) => json.status === "in_progress",
  );
  const asked = Array.from({ length: JOBS }, () =>
    chance(0.1) ? { front: true } : chance(0.1) ? { number: below(500) } : {},
  );
  await eachOf(asked, (how) => submit(server, showText(`job ${below(1e9)}`), how));
  const order = await waiting(server);
  expect(new Set(order).size).toBe(JOBS);
  return { blocker, order };
}

test.each(whole ? (["SIGKILL", "SIGTERM"] as const) : (["SIGKILL"] as const))(
  "1,000 waiting jobs survive %s in their order, and run once each, through another kill",
  async (signal) => {
    const first = await startServer(oneByOne);
    const { data } = first;
    const { blocker, order } = await fill(first);
    expect(await first.end(signal)).toBe(signal === "SIGTERM" ? 0 : null);

    const second = await startServer(oneByOne, { data });
    // What ran goes on before all others.
    await until(
      () => ask(second, `/api/jobs/${blocker}`),
      ({ json }) => json.status === "in_progress",
    );
    expect(await waiting(second)).toEqual(order);
    await ask(second, "/interrupt", { method: "POST" });
    // Somewhere in the middle it is killed again.
    await until(
      () => counts(second),
      (left) => left < JOBS / 2,
      120,
    );
    await second.end("SIGKILL");

    const third = await startServer(oneByOne, { data });
    await until(
      () => counts(third),
      (left) => left === 0,
      120,
    );
    expect(await ended(third)).toEqual([blocker, ...order]);
    const tries = await triesOf(third, order);
    expect(tries.filter((one) => one.length > 1).length).toBeLessThanOrEqual(1);
    for (const one of tries) expect([["succeeded"], ["lost", "succeeded"]]).toContainEqual(one);
    const cut = signal === "SIGTERM" ? "returned" : "lost";
    expect(await triesOf(third, [blocker])).toEqual([[cut, "cancelled"]]);
  },
);
