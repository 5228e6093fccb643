import type { NodeEvent } from "@mezzotint/engine";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunningJob } from "../jobs/dispatcher.js";
import type { JobEvent, JobRef, Note } from "../jobs/dispatcher-events.js";
import { RunRecord } from "../jobs/dispatcher-run.js";
import type { Job } from "../jobs/job.js";
import { openFeed } from "./feed.js";
import type { Outbox } from "./outgoing.js";

const job: JobRef = { id: "job", user: "u", client: "c" };
const at = (node: string) => ({ node, display: node });

let tell: (event: JobEvent) => void;
let record: RunRecord;
let running: RunningJob[];
let watched: unknown[];
let sent: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
let presence: (user: string, client: string, listens: boolean) => void;
let listening: boolean;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  record = new RunRecord({ job: { ...job, prompt: "{}" } as Job, attempt: 1 });
  [running, watched, sent, listening] = [[], [], [], true];
  const keep = (...[, , message]: Parameters<Outbox["toClient"]>) =>
    void sent.push("text" in message ? JSON.parse(message.text) : { type: "preview", data: {} });
  end = openFeed(
    {
      on: (listener) => {
        tell = listener;
        return () => {};
      },
      watch: (...args) => void watched.push(args),
      running: () => running,
    },
    {
      listens: () => listening,
      toClient: keep,
      toUser: (user, message) => keep(user, undefined, message),
      status: (of) => void sent.push({ type: of ? "status" : "status later", data: {} }),
      onPresence: (listener) => {
        presence = listener;
      },
    },
  );
});

afterEach(() => {
  end();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const run = (event: NodeEvent) => tell({ type: "run", job, event, node: record.add(event), nodes: record.nodes });
const note = (name: string): void => tell({ type: "note", job, note: [name, {}] as Note, kept: true });
const types = () => sent.map(({ type }) => type);

test("a job is told in ComfyUI's order", () => {
  tell({ type: "queued", job });
  tell({ type: "taken", job, attempt: 1 });
  note("execution_start");
  note("execution_cached");
  run({ type: "cached", ...at("1"), shown: { text: ["a"] } });
  run({ type: "started", ...at("2") });
  run({ type: "progress", ...at("2"), done: 1, total: 2 });
  run({ type: "preview", ...at("2"), preview: { mime: "image/jpeg", bytes: new Uint8Array(1) } });
  run({ type: "finished", ...at("2"), shown: { images: [] } });
  note("execution_success");
  tell({ type: "over", job, status: "succeeded", ran: true });
  expect(types()).toEqual([
    ...["status", "status", "execution_start", "execution_cached"],
    ...["progress_state", "executed", "executing", "preview", "progress", "executed"],
    ...["progress_state", "execution_success", "status", "executing"],
  ]);
  expect(watched).toEqual([["job", true]]);
  expect(sent.at(-1)!.data).toEqual({ node: null, prompt_id: "job" });
});

test("however often a node moves, progress is told ten times a second, and last how far it came", () => {
  run({ type: "started", ...at("1") });
  for (let done = 1; done <= 10_000; done++) {
    run({ type: "progress", ...at("1"), done, total: 10_000 });
    if (done % 1000 === 0) vi.advanceTimersByTime(100);
  }
  expect(types().filter((type) => type === "progress")).toHaveLength(10);
  expect(types().filter((type) => type === "progress_state")).toHaveLength(11);
  run({ type: "progress", ...at("1"), done: 9999, total: 10_000 });
  note("execution_error");
  const last = sent.findLast(({ type }) => type === "progress_state")!;
  expect(last.data.nodes).toMatchObject({ "1": { value: 9999, max: 10_000 } });
  expect(types().at(-1)).toBe("execution_error");
});

test("a job that is quiet costs no timer", () => {
  run({ type: "started", ...at("1") });
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
  run({ type: "progress", ...at("1"), done: 1, total: 2 });
  expect(types().at(-1)).toBe("progress");
});

test("a client that comes back hears how far its job is, and is shown previews again", () => {
  const event: NodeEvent = { type: "started", ...at("1") };
  const node = record.add(event);
  const other = { ...job, client: "other" };
  const rest = { attempt: 1, startedAt: 0, current: node, nodes: record.nodes, outputs: {} };
  const seen = { ...rest, cancelling: false, progress: () => record.progress() };
  running = [
    { job, ...seen },
    { job: { ...other, id: "others" }, ...seen },
  ];
  presence("u", "c", true);
  expect(sent).toEqual([
    expect.objectContaining({ type: "progress_state" }),
    { type: "executing", data: { node: "1", display_node: "1", prompt_id: "job" } },
  ]);
  presence("u", "c", false);
  expect(watched).toEqual([
    ["job", true],
    ["job", false],
  ]);
});

test("where nobody listens, nothing is made", () => {
  listening = false;
  tell({ type: "taken", job, attempt: 1 });
  run({ type: "started", ...at("1") });
  expect([types(), watched]).toEqual([["status"], []]);
});

test("a job cancelled while it waited was never executing", () => {
  tell({ type: "over", job, status: "cancelled", ran: false });
  expect(types()).toEqual(["status later"]);
});
