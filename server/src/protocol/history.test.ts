import { parseJson } from "@mezzotint/engine";
import { expect, test } from "vitest";
import type { Job } from "../jobs/job.js";
import { historyBody, inHistory, queueTuple } from "./history.js";
import { jobDetail, jobPage, jobStatuses, jobView } from "./job-view.js";

const job: Job = {
  id: "0b9cbd14-9a4c-4f0e-9d7c-2b1c5e6f7a80",
  user: "default",
  client: 'a "client"',
  prompt: '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615}}}',
  extra: '{"extra_pnginfo":{"workflow":{"id":"w"}},"client_id":"somebody else"}',
  targets: ["9", 'od"d'],
  number: -3,
  workflow: "w",
  status: "succeeded",
  seq: 1,
  attempt: 1,
  createdAt: 1000,
  startedAt: 2000,
  endedAt: 3000,
  outputs: '{"9":{"images":[{"filename":"a.png","subfolder":"","type":"output"}]}}',
  meta: '{"9":{"node_id":"9"}}',
  messages: '[["execution_start",{"timestamp":2000}]]',
};
const { client: _client, ...nobodys } = job;

test("a queue tuple is what was submitted, seeds to the last digit", () => {
  expect(queueTuple(job)).toContain("18446744073709551615");
  const [number, id, prompt, extra, outputs] = parseJson(queueTuple(job)) as unknown[];
  expect([number, id, outputs]).toEqual([-3, job.id, job.targets]);
  expect(prompt).toEqual(parseJson(job.prompt));
  expect(extra).toEqual({ extra_pnginfo: { workflow: { id: "w" } }, client_id: 'a "client"', create_time: 1000 });
  expect((parseJson(queueTuple({ ...nobodys, extra: " { } " })) as unknown[])[3]).toEqual({ create_time: 1000 });
});

test("a history entry says how it ended in ComfyUI's two words", () => {
  const body = historyBody([job, { ...job, id: "other", status: "cancelled" }]);
  expect(parseJson(body)).toEqual({
    [job.id]: {
      prompt: parseJson(queueTuple(job)),
      outputs: parseJson(job.outputs),
      status: { status_str: "success", completed: true, messages: parseJson(job.messages) },
      meta: parseJson(job.meta),
    },
    other: expect.objectContaining({ status: expect.objectContaining({ status_str: "error", completed: false }) }),
  });
  expect(inHistory(job)).toBe(true);
  const { startedAt: _startedAt, ...neverRan } = job;
  expect(inHistory({ ...neverRan, status: "cancelled" })).toBe(false);
});

const outputs = (value: object) => ({ ...job, outputs: JSON.stringify(value) });
const shownIn = (value: object) => (parseJson(jobView(outputs(value))) as { preview_output?: object }).preview_output;
const image = (type: string) => ({ filename: `${type}.png`, subfolder: "", type });

test("a job's view counts what it made", () => {
  expect(parseJson(jobView(job))).toEqual({
    id: job.id,
    status: "completed",
    priority: -3,
    create_time: 1000,
    execution_start_time: 2000,
    execution_end_time: 3000,
    outputs_count: 1,
    previewable_outputs_count: 1,
    preview_output: { filename: "a.png", subfolder: "", type: "output", nodeId: "9", mediaType: "images" },
    workflow_id: "w",
  });
  const { startedAt: _s, endedAt: _e, workflow: _w, ...waiting } = { ...job, status: "queued", outputs: "{}" } as const;
  expect(Object.keys(parseJson(jobView(waiting)) as object)).toEqual([
    "id",
    "status",
    "priority",
    "create_time",
    "outputs_count",
    "previewable_outputs_count",
  ]);
  expect(parseJson(jobView(outputs({ "1": { latents: [image("output")], animated: [true] } })))).toMatchObject({
    outputs_count: 1,
    previewable_outputs_count: 0,
  });
});

test("what stands for a job is a saved picture, else any picture, a text file, a text", () => {
  const text = { "1": { text: ["x".repeat(2000)] } };
  const file = { "2": { files: [{ filename: "a.txt", type: "output" }] } };
  const temp = { "3": { images: [image("temp")] } };
  const saved = { "4": { images: [image("output")] } };
  expect(shownIn({ ...text, ...file, ...temp, ...saved })).toMatchObject({ nodeId: "4", filename: "output.png" });
  expect(shownIn({ ...text, ...file, ...temp })).toMatchObject({ nodeId: "3" });
  expect(shownIn({ ...text, ...file })).toMatchObject({ nodeId: "2" });
  expect(shownIn(text)).toMatchObject({ content: "x".repeat(1024), truncated: true, mediaType: "text" });
  expect(shownIn({ "5": { result: ["mesh.glb"] } })).toMatchObject({ filename: "mesh.glb", mediaType: "3d" });
  expect(shownIn({ "5": { gifs: [{ filename: "a.mp4", format: "video/h264" }] } })).toMatchObject({
    mediaType: "gifs",
  });
});

test("the detail of a job has all of it", () => {
  const attempt = {
    attempt: 1,
    worker: "worker-1",
    startedAt: 5,
    endedAt: 7,
    outcome: "lost",
    reason: "it died",
  } as const;
  expect(parseJson(jobDetail({ ...job, status: "failed", error: '{"node_id":"3"}' }, [attempt]))).toMatchObject({
    status: "failed",
    attempts: [{ attempt: 1, worker: "worker-1", start_time: 5, end_time: 7, outcome: "lost", reason: "it died" }],
    execution_error: { node_id: "3" },
    outputs: parseJson(job.outputs),
    execution_status: { status_str: "error" },
    workflow: { prompt: parseJson(job.prompt), extra_data: { client_id: 'a "client"' } },
  });
});

test("a page says whether there is more", () => {
  expect(parseJson(jobPage([job], { offset: 2, limit: 1, total: 4 }))).toMatchObject({
    jobs: [{ id: job.id }],
    pagination: { offset: 2, limit: 1, total: 4, has_more: true },
  });
  expect(parseJson(jobPage([], { offset: 0, limit: undefined, total: 0 }))).toMatchObject({
    pagination: { limit: null, has_more: false },
  });
});

test("states are asked for by ComfyUI's names", () => {
  expect(jobStatuses(["pending", "completed"])).toEqual(["queued", "succeeded"]);
  expect(jobStatuses(["queued"])).toBeUndefined();
});
