import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "@mezzotint/engine";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openStore, type Store } from "../store/open-store.js";
import { Hands } from "./dispatcher.fixture.js";
import { type Dispatcher, openDispatcher } from "./dispatcher.js";
import type { JobEvent } from "./dispatcher-events.js";
import type { Job, JobSpec } from "./job.js";
import type { Queue } from "./queue.js";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const spec = (n: number, more: Partial<JobSpec> = {}): JobSpec => ({
  id: id(n),
  user: "default",
  client: "me",
  prompt: '{"1":{"class_type":"Save","inputs":{}},"2":{"class_type":"Load","inputs":{}}}',
  extra: "{}",
  targets: ["1"],
  number: n,
  ...more,
});
const at = (node: string) => ({ node, display: node });

let folder: string;
let store: Store;
let hands: Hands;
let dispatcher: Dispatcher;
let events: JobEvent[];

/** Opens all of it anew on the same folder. */
async function open(queue: (real: Queue) => Queue = (real) => real): Promise<void> {
  store = await openStore(folder);
  hands = new Hands();
  events = [];
  dispatcher = openDispatcher({
    queue: queue(store.queue),
    records: store.records,
    pool: hands.pool,
    onLog: () => {},
  });
  dispatcher.on((event) => events.push(event));
}

async function close(): Promise<void> {
  await dispatcher.close(0);
  await store.close();
}

const over = (n: number): Promise<Job> =>
  vi.waitFor(async () => {
    expect(events.some((event) => event.type === "over" && event.job.id === id(n))).toBe(true);
    return (await store.records.get(id(n)))!;
  });
const notesOf = (n: number) =>
  events.flatMap((event) => (event.type === "note" && event.kept && event.job.id === id(n) ? [event.note] : []));
const told = () => events.map((event) => (event.type === "note" ? event.note[0] : event.type));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dispatcher-"));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

describe("a run", () => {
  test("is told in order, and its end only when it is kept", async () => {
    await open((real) => ({
      ...real,
      finish: async (...args) => {
        expect(told()).not.toContain("execution_success");
        return real.finish(...args);
      },
    }));
    expect(await dispatcher.submit(spec(1))).toMatchObject({ kind: "added" });
    const run = await hands.of(id(1));
    const said: RunEvent[] = [
      { type: "recalled", nodes: ["2"] },
      { type: "cached", ...at("2") },
      { type: "started", ...at("1") },
      { type: "finished", ...at("1"), shown: { images: [{ filename: "a.png" }] } },
    ];
    for (const event of said) run.event(event);
    run.ended({ outcome: "succeeded" });
    const job = await over(1);
    expect(told()).toEqual([
      "queued",
      "taken",
      "execution_start",
      "execution_cached",
      ...["run", "run", "run"],
      "execution_success",
      "over",
    ]);
    expect(job.status).toBe("succeeded");
    expect(JSON.parse(job.messages)).toEqual(notesOf(1));
    expect(notesOf(1)[1]).toEqual([
      "execution_cached",
      { nodes: ["2"], prompt_id: id(1), timestamp: expect.any(Number) },
    ]);
    expect(JSON.parse(job.outputs)).toEqual({ "1": { images: [{ filename: "a.png" }] } });
    expect(JSON.parse(job.meta)).toEqual({
      "1": { node_id: "1", display_node: "1", parent_node: null, real_node_id: "1" },
    });
  });

  test("says once what was cached, even if it never came that far", async () => {
    await open();
    await dispatcher.submit(spec(1));
    (await hands.of(id(1))).ended({ outcome: "failed", message: "no model", type: "Error", stack: [] });
    await over(1);
    expect(notesOf(1).map(([name]) => name)).toEqual(["execution_start", "execution_cached", "execution_error"]);
  });

  test("that fails says where, in ComfyUI's words", async () => {
    await open();
    await dispatcher.submit(spec(1));
    const run = await hands.of(id(1));
    run.event({ type: "recalled", nodes: [] });
    run.event({ type: "started", ...at("2") });
    run.event({ type: "finished", ...at("2") });
    run.event({ type: "started", ...at("1") });
    run.event({ type: "started", node: "1.a", display: "1", parent: "1" });
    run.ended({
      outcome: "failed",
      message: "too big",
      type: "RangeError",
      stack: ["at x\n"],
      node: "1.a",
      display: "1",
    });
    const job = await over(1);
    expect(job.status).toBe("failed");
    expect(JSON.parse(job.error!)).toEqual({
      prompt_id: id(1),
      node_id: "1",
      node_type: "Save",
      executed: ["2"],
      exception_message: "too big",
      exception_type: "RangeError",
      traceback: ["at x\n"],
      current_inputs: {},
      current_outputs: [],
      timestamp: expect.any(Number),
    });
  });

  test("ends once: what is said of it later counts for nothing", async () => {
    await open();
    await dispatcher.submit(spec(1));
    const run = await hands.of(id(1));
    run.ended({ outcome: "succeeded" });
    run.event({ type: "started", ...at("1") });
    run.ended({ outcome: "lost", reason: "late", alone: true });
    expect((await over(1)).status).toBe("succeeded");
    expect(told().filter((type) => type === "run" || type === "requeued")).toEqual([]);
  });

  test("whose end the database refuses is not forgotten, and runs on in nobody's way", async () => {
    let refusals = 2;
    await open((real) => ({
      ...real,
      finish: async (...args) => {
        if (refusals-- > 0) throw new Error("the disk is full");
        return real.finish(...args);
      },
    }));
    await dispatcher.submit(spec(1));
    await dispatcher.submit(spec(2));
    (await hands.of(id(1))).ended({ outcome: "succeeded" });
    (await hands.of(id(2))).ended({ outcome: "succeeded" });
    expect([(await over(1)).status, (await over(2)).status]).toEqual(["succeeded", "succeeded"]);
  });

  test("can be asked about while it lasts", async () => {
    await open();
    await dispatcher.submit(spec(1));
    const run = await hands.of(id(1));
    run.event({ type: "started", ...at("1") });
    run.event({ type: "started", node: "1.a", display: "1", parent: "1" });
    run.event({ type: "progress", node: "1.a", display: "1", parent: "1", done: 3, total: 20 });
    const [running] = dispatcher.running();
    expect(running).toMatchObject({ job: { id: id(1), user: "default", client: "me" }, attempt: 1 });
    expect(running!.current).toMatchObject({ node: "1.a", real: "1", value: 3, max: 20 });
    run.event({ type: "finished", node: "1.a", display: "1", parent: "1" });
    expect(dispatcher.running()[0]!.current).toMatchObject({ node: "1" });
    expect([...dispatcher.running()[0]!.nodes.keys()]).toEqual(["1"]);
    run.ended({ outcome: "succeeded" });
    expect(dispatcher.running()).toEqual([]);
  });
});

describe("a lost worker", () => {
  test("is not held against a job that was not alone: it runs again, in its old place", async () => {
    await open();
    for (const n of [1, 2]) await dispatcher.submit(spec(n));
    for (let attempt = 1; attempt <= 3; attempt++) {
      const run = await hands.of(id(1));
      expect(run.claim.attempt).toBe(attempt);
      run.ended({ outcome: "lost", reason: "its neighbour", alone: false });
    }
    (await hands.of(id(1))).ended({ outcome: "succeeded" });
    expect((await over(1)).attempt).toBe(4);
    (await hands.of(id(2))).ended({ outcome: "succeeded" });
    await over(2);
  });

  test("is held against a job that was alone: the second time, it has failed, with the reason", async () => {
    await open();
    await dispatcher.submit(spec(1));
    (await hands.of(id(1))).ended({ outcome: "lost", reason: "out of memory", alone: true });
    (await hands.of(id(1))).ended({
      outcome: "failed",
      message: "the inference host died: out of memory",
      type: "HostDied",
      stack: [],
      hostDied: true,
    });
    const job = await over(1);
    expect(job.status).toBe("failed");
    expect(JSON.parse(job.error!).exception_message).toContain("out of memory");
    expect(told().slice(-2)).toEqual(["execution_error", "over"]);
    expect((await store.records.attempts(id(1))).map(({ outcome }) => outcome)).toEqual(["lost", "lost"]);
  });

  test("ends a job that was being cancelled", async () => {
    await open();
    await dispatcher.submit(spec(1));
    const run = await hands.of(id(1));
    run.event({ type: "started", ...at("1") });
    expect(await dispatcher.cancel(id(1))).toBe("running");
    run.ended({ outcome: "lost", reason: "killed, because it would not stop", alone: true });
    expect((await over(1)).status).toBe("cancelled");
    expect(notesOf(1).at(-1)).toMatchObject(["execution_interrupted", { node_id: "1", node_type: "Save" }]);
  });
});

describe("cancelling", () => {
  test("finds a job wherever it is", async () => {
    await open();
    for (const n of [1, 2]) await dispatcher.submit(spec(n));
    const run = await hands.of(id(1));
    expect(await dispatcher.cancel(id(2), "somebody else")).toBe("unknown");
    expect(await dispatcher.cancel(id(2), "default")).toBe("queued");
    expect(await dispatcher.cancel(id(1))).toBe("running");
    expect(hands.cancelled).toEqual([id(1)]);
    run.ended({ outcome: "interrupted" });
    expect((await over(1)).status).toBe("cancelled");
    expect(await dispatcher.cancel(id(1))).toBe("over");
    expect(await dispatcher.cancel(id(2))).toBe("over");
    expect(await dispatcher.cancel(id(3))).toBe("unknown");
  });

  test("does not miss a job that is being claimed", async () => {
    let answer: () => void = () => {};
    const answered = new Promise<void>((done) => {
      answer = done;
    });
    await open((real) => ({
      ...real,
      claim: async (worker) => {
        const claim = await real.claim(worker);
        if (claim) await answered;
        return claim;
      },
    }));
    await dispatcher.submit(spec(1));
    await vi.waitFor(() => expect(store.queue.counts().running).toBe(1));
    const cancelled = dispatcher.cancel(id(1));
    answer();
    expect(await cancelled).toBe("running");
    expect(hands.cancelled).toEqual([id(1)]);
  });

  test("interrupts what runs for a user, and nobody else", async () => {
    await open();
    hands.room = 3;
    await dispatcher.submit(spec(1));
    await dispatcher.submit(spec(2));
    await dispatcher.submit(spec(3, { user: "other" }));
    await Promise.all([1, 2, 3].map((n) => hands.of(id(n))));
    expect(dispatcher.interrupt("default", id(3))).toEqual([]);
    expect(dispatcher.interrupt("default", id(2))).toEqual([id(2)]);
    expect(dispatcher.interrupt("default")).toEqual([id(1), id(2)]);
  });

  test("clears what waits, and leaves what runs", async () => {
    await open();
    for (const n of [1, 2, 3]) await dispatcher.submit(spec(n));
    await hands.of(id(1));
    expect(await dispatcher.clear("default")).toBe(2);
    expect(events.flatMap((event) => (event.type === "over" ? [event.job.id] : []))).toEqual([id(2), id(3)]);
    expect(dispatcher.counts()).toEqual({ queued: 0, running: 1 });
  });
});

test("closing gives back what runs; the next server runs it, and what waited", async () => {
  await open();
  for (const n of [1, 2]) await dispatcher.submit(spec(n));
  await hands.of(id(1));
  await close();
  expect(told().at(-1)).toBe("requeued");
  await open();
  for (const n of [1, 2]) {
    (await hands.of(id(n))).ended({ outcome: "succeeded" });
    expect(await over(n)).toMatchObject({ status: "succeeded", attempt: n === 1 ? 2 : 1 });
  }
});

test("a listener that throws stops neither the others nor the job", async () => {
  await open();
  dispatcher.on(() => {
    throw new Error("a listener's own affair");
  });
  const later: string[] = [];
  const off = dispatcher.on((event) => later.push(event.type));
  await dispatcher.submit(spec(1));
  off();
  (await hands.of(id(1))).ended({ outcome: "succeeded" });
  expect((await over(1)).status).toBe("succeeded");
  expect(later[0]).toBe("queued");
  expect(later).not.toContain("over");
});

test("a claim that fails is tried again", async () => {
  let failures = 2;
  await open((real) => ({
    ...real,
    claim: async (worker) => {
      if (failures-- > 0) throw new Error("the database is busy");
      return real.claim(worker);
    },
  }));
  await dispatcher.submit(spec(1));
  (await hands.of(id(1))).ended({ outcome: "succeeded" });
  await over(1);
});
