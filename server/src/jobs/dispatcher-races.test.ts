import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { openStore } from "../store/open-store.js";
import { Hands } from "./dispatcher.fixture.js";
import { openDispatcher } from "./dispatcher.js";
import type { JobEvent } from "./dispatcher-events.js";

/** Chance that can be repeated (a linear congruential generator). */
function chance(from: number): (limit: number) => number {
  let state = from >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

async function open() {
  const folder = mkdtempSync(join(tmpdir(), "races-"));
  const store = await openStore(folder);
  const hands = new Hands();
  hands.room = 3;
  const dispatcher = openDispatcher({ queue: store.queue, records: store.records, pool: hands.pool, onLog: () => {} });
  const events: JobEvent[] = [];
  dispatcher.on((event) => events.push(event));
  onTestFinished(async () => {
    await dispatcher.close(0);
    await store.close();
    rmSync(folder, { recursive: true });
  });
  let number = 0;
  const submit = async (user: string): Promise<string> => {
    const id = randomUUID();
    const spec = { id, user, prompt: "{}", extra: "{}", targets: ["1"], number: number++ };
    expect((await dispatcher.submit(spec)).kind).toBe("added");
    return id;
  };
  return { store, hands, dispatcher, events, submit };
}

/** What listeners heard of a job, in a letter each: queued, taken, requeued (back), over. */
const heard = (events: readonly JobEvent[], id: string): string =>
  events
    .filter(({ job }) => job.id === id)
    .map(({ type }) => ({ queued: "q", taken: "t", requeued: "b", over: "o", note: "", run: "", cancelling: "" })[type])
    .join("");

test("a job that is submitted while the queue is cleared runs, or is told to be cancelled", async () => {
  const { store, hands, dispatcher, events, submit } = await open();
  hands.room = 0;
  for (let round = 0; round < 20; round++) {
    const clearing = dispatcher.clear();
    const submitting = submit("a");
    for (let i = 0; i < round % 4; i++) await Promise.resolve();
    const more = submit("a");
    const ids = [await submitting, await more];
    await clearing;
    for (const id of ids) {
      const { status } = (await store.records.get(id))!;
      expect([status, heard(events, id)]).toEqual(status === "queued" ? ["queued", "q"] : ["cancelled", "qo"]);
    }
  }
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "whatever is submitted, cancelled, ended and lost at once, each job ends once and is told once (%i)",
  async (seed) => {
    const { store, hands, dispatcher, events, submit } = await open();
    const below = chance(seed);
    const ids: string[] = [];
    const promises: Promise<unknown>[] = [];
    /** Jobs of which a cancel said that they waited. */
    const neverRun = new Set<string>();
    const anyId = () => ids[below(ids.length)];
    const anyRun = () => [...hands.runs.values()][below(Math.max(1, hands.runs.size))];
    const acts: readonly (() => unknown)[] = [
      ...Array(4).fill(async () => ids.push(await submit(below(2) === 0 ? "a" : "b"))),
      async () => {
        const id = anyId();
        if (id !== undefined && (await dispatcher.cancel(id)) === "queued") neverRun.add(id);
      },
      () => anyRun()?.ended({ outcome: "succeeded" }),
      () => anyRun()?.ended({ outcome: "succeeded" }),
      () => anyRun()?.ended({ outcome: "failed", message: "m", type: "Error", stack: [] }),
      () => anyRun()?.ended({ outcome: "failed", message: "m", type: "HostDied", stack: [], hostDied: true }),
      () => anyRun()?.ended({ outcome: "lost", reason: "killed", alone: below(2) === 0 }),
      () => dispatcher.interrupt("a"),
      () => below(5) === 0 && dispatcher.clear("b"),
      () => below(10) === 0 && dispatcher.clear(),
    ];
    for (let step = 0; step < 600; step++) {
      promises.push(Promise.resolve(acts[below(acts.length)]!()));
      // Whatever a worker was asked to stop ends, sooner or later, if it has not ended otherwise.
      if (below(3) === 0) hands.runs.get(hands.cancelled.shift() ?? "")?.ended({ outcome: "interrupted" });
      for (let i = below(4); i > 0; i--) await Promise.resolve();
      if (below(3) === 0) await nextTurn();
    }
    await Promise.all(promises);
    await vi.waitFor(
      () => {
        for (const run of hands.runs.values()) run.ended({ outcome: "succeeded" });
        expect(dispatcher.counts()).toEqual({ queued: 0, running: 0 });
      },
      { timeout: 30_000 },
    );
    await vi.waitFor(() => expect(events.filter(({ type }) => type === "over")).toHaveLength(ids.length));
    expect(dispatcher.running()).toEqual([]);
    for (const id of ids) {
      const { status } = (await store.records.get(id))!;
      const over = events.filter((event) => event.job.id === id && event.type === "over");
      expect(
        over.map((event) => event.type === "over" && event.status),
        id,
      ).toEqual([status]);
      expect(heard(events, id), id).toMatch(/^q(tb)*t?o$/);
      if (neverRun.has(id)) expect([status, heard(events, id).endsWith("to")]).toEqual(["cancelled", false]);
      const outcomes = (await store.records.attempts(id)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === "lost").length).toBeGreaterThanOrEqual(outcomes.length - 1);
    }
  },
);
