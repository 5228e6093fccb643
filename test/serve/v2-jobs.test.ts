import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../command.js";
import { followEvents } from "./events.js";
import { ask, showText, startServer, submit, type TestServer, testPack, until } from "./server.js";

const textToImage = () => JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));
const wait = (ms: number) => ({ 1: { class_type: "Wait", inputs: { ms } } });

const send = (server: TestServer, workflow: object, more: object = {}, headers: Record<string, string> = {}) =>
  ask(server, "/api/v2/jobs", { body: { workflow, ...more }, headers });

const ended = async (server: TestServer, id: string) =>
  (
    await until(
      () => ask(server, `/api/v2/jobs/${id}`),
      ({ json }) => json.completed_at !== null,
    )
  ).json;

describe("a job of Comfy API v2", () => {
  test("is kept, polled and found with its pictures, and its links lead on", async () => {
    const server = await startServer();
    const { status, json } = await send(server, textToImage());
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: expect.stringMatching(/queued|running/), outputs: [], error: null });
    const job = await ended(server, json.id);
    expect(job).toMatchObject({
      id: json.id,
      status: "succeeded",
      progress: { value: 1, nodes_done: 7, nodes_total: 7 },
      metrics: { queue_ms: expect.any(Number), execution_ms: expect.any(Number) },
      attempts: [{ attempt: 1, outcome: "succeeded" }],
      queue_position: null,
      error: null,
    });
    for (const at of [job.created_at, job.started_at, job.completed_at]) expect(at).toMatch(/^2\d{3}-.*Z$/);
    expect(job.outputs).toMatchObject([
      { node_id: "7", type: "image", content_type: "image/png", hash: null, job_id: json.id },
    ]);
    expect(job.outputs[0].size_bytes).toBeGreaterThan(1000);
    expect((await ask(server, job.urls.self)).json).toEqual(job);
    expect((await ask(server, job.urls.workflow)).json).toEqual({ workflow: textToImage(), format: "api" });
  });

  test("that came from an editor's saved file has it as it was saved", async () => {
    const server = await startServer();
    const saved = JSON.parse(readFileSync(join(root, "workflows/saved/one-seed-two-prompts.json"), "utf8"));
    const { status, json } = await send(server, saved);
    expect(status).toBe(201);
    expect((await ask(server, json.urls.workflow)).json).toEqual({ workflow: saved, format: "save" });
    expect((await ask(server, `/api/v2/jobs?workflow_id=${saved.id}`)).json.jobs).toHaveLength(1);
  });

  test("that cannot run is refused with the reasons for each node, in its own envelope", async () => {
    const server = await startServer();
    const refused = async (body: unknown) => {
      const { status, json } = await ask(server, "/api/v2/jobs", { body });
      return [status, json.error.code];
    };
    const wrong = { ...showText("a"), 1: { class_type: "PrimitiveInt", inputs: { value: "many" } } };
    const { status, json } = await send(server, wrong);
    expect(status).toBe(422);
    expect(json).toEqual({
      error: {
        code: "invalid_workflow",
        message: expect.stringContaining("many"),
        details: {
          node_errors: {
            1: [{ field: "value", reason: "invalid_input_type", message: expect.stringContaining("many") }],
          },
        },
      },
    });
    expect(await refused({ workflow: {} })).toEqual([422, "invalid_workflow"]);
    expect(await refused({ workflow: { 1: { class_type: "Nobody", inputs: {} } } })).toEqual([422, "invalid_workflow"]);
    expect(await refused({})).toEqual([400, "invalid_request"]);
    expect(await refused({ workflow: showText("a"), inputs: {} })).toEqual([400, "invalid_request"]);
    expect(await refused("junk")).toEqual([400, "invalid_json"]);
    expect((await ask(server, "/api/v2/jobs")).json.pagination.total).toBe(0);
    expect((await ask(server, `/api/v2/jobs/${randomUUID()}`)).json.error).toEqual({
      code: "not_found",
      message: "There is no such job",
      details: null,
    });
    expect((await ask(server, "/v2/jobs")).status).toBe(404);
  });

  test("that fails tells where and why", async () => {
    const server = await startServer(testPack);
    const { json } = await send(server, { 9: { class_type: "Fail", inputs: {} } });
    expect(await ended(server, json.id)).toMatchObject({
      status: "failed",
      error: {
        code: "node_execution_error",
        message: "this node always fails",
        node_id: "9",
        class_type: "Fail",
        traceback: null,
      },
      attempts: [{ outcome: "failed", reason: "this node always fails" }],
    });
  });

  test("with an Idempotency-Key is made once, and the key takes no other", async () => {
    const server = await startServer();
    const key = { "idempotency-key": "order 7" };
    const first = await send(server, showText("a"), {}, key);
    const again = await send(server, showText("a"), {}, key);
    expect([first.status, again.status, again.json.id]).toEqual([201, 200, first.json.id]);
    const other = await send(server, showText("b"), {}, key);
    expect([other.status, other.json.error.code]).toEqual([422, "idempotency_key_reuse"]);
    expect((await ask(server, "/api/v2/jobs")).json.pagination.total).toBe(1);
  });

  test("waits in its place, is cancelled wherever it is, and stays so", async () => {
    const server = await startServer(testPack);
    const running = (await send(server, { 1: { class_type: "Spin", inputs: {} } })).json;
    await until(
      () => ask(server, running.urls.self),
      ({ json }) => json.status === "running",
    );
    const later = (await send(server, showText("later"))).json;
    const sooner = (await send(server, showText("sooner"), { front: true })).json;
    const position = async ({ urls }: typeof later) => (await ask(server, urls.self)).json.queue_position;
    expect([await position(sooner), await position(later), await position(running)]).toEqual([0, 1, null]);
    const cancel = async ({ urls }: typeof later) => (await ask(server, urls.cancel, { method: "POST" })).json.status;
    expect([await cancel(later), await cancel(later)]).toEqual(["canceled", "canceled"]);
    expect(await cancel(running)).toBe("canceling");
    expect(await ended(server, running.id)).toMatchObject({ status: "canceled" });
    expect(await ended(server, sooner.id)).toMatchObject({ status: "succeeded" });
    expect(await cancel(sooner)).toBe("succeeded");
  });

  test("is refused while the queue is full, whichever way it comes, and taken when there is room", async () => {
    const server = await startServer([...testPack, "--max-queue", "1"]);
    const running = (await send(server, { 1: { class_type: "Spin", inputs: {} } })).json;
    await until(
      () => ask(server, running.urls.self),
      ({ json }) => json.status === "running",
    );
    const waiting = await send(server, showText("waits"));
    expect(waiting.status).toBe(201);
    await ask(server, "/userdata/workflows%2Fhello.json", { body: showText("hello") });
    const full = await send(server, showText("b"), {}, { "idempotency-key": "kept for later" });
    expect([full.status, full.json.error.code, full.headers["retry-after"]]).toEqual([429, "queue_full", "5"]);
    for (const [path, body] of [
      ["/api/run/hello?wait=5", {}],
      ["/prompt", { prompt: showText("b") }],
    ] as const) {
      const { status, json, headers } = await ask(server, path, { body });
      expect([status, json.error.type, headers["retry-after"]], path).toEqual([429, "queue_full", "5"]);
    }
    await ask(server, waiting.json.urls.cancel, { method: "POST" });
    const later = await send(server, showText("b"), {}, { "idempotency-key": "kept for later" });
    expect(later.status).toBe(201);
    await ask(server, running.urls.cancel, { method: "POST" });
    expect((await ended(server, later.json.id)).status).toBe("succeeded");
  });

  test("jobs are listed by state, a page at a time", async () => {
    const server = await startServer(testPack);
    const good = (await send(server, showText("a"))).json.id;
    const bad = (await send(server, { 1: { class_type: "Fail", inputs: {} } })).json.id;
    await ended(server, bad);
    const ids = async (query: string) =>
      (await ask(server, `/api/v2/jobs?${query}`)).json.jobs.map(({ id }: { id: string }) => id);
    expect(await ids("")).toEqual([bad, good]);
    expect(await ids("order=asc")).toEqual([good, bad]);
    expect(await ids("status=failed")).toEqual([bad]);
    expect(await ids("status=queued,running")).toEqual([]);
    expect((await ask(server, "/api/v2/jobs?limit=1&offset=1")).json).toMatchObject({
      jobs: [{ id: good, outputs: [{ type: "text" }] }],
      pagination: { offset: 1, limit: 1, total: 2, has_more: false },
    });
    for (const query of ["status=done", "limit=-1", "offset=x", "order=up", "limit=100000"])
      expect((await ask(server, `/api/v2/jobs?${query}`)).status, query).toBe(400);
  });
});

describe("events of a job", () => {
  test("tell all of it from the queue to the end, each whole, and then the stream ends", async () => {
    const server = await startServer(testPack);
    const first = (await send(server, wait(700))).json;
    const job = (await send(server, textToImage())).json;
    const stream = await followEvents(server, job.urls.events);
    expect(stream.status).toBe(200);
    await stream.ended;
    const { events } = stream;
    const told = (name: string) => events.filter(({ event }) => event === name);
    expect(events[0]).toMatchObject({ event: "status", data: { id: job.id, status: "queued", queue_position: 0 } });
    expect(told("status").map(({ data }) => data.status)).toEqual(["queued", "running", "succeeded"]);
    const final = (await ask(server, job.urls.self)).json;
    expect(events.at(-1)).toEqual({ event: "status", id: "end", data: final });
    expect(told("output").map(({ data }) => data)).toEqual(final.outputs);
    const progress = told("progress").map(({ data }) => data);
    expect(progress.length).toBeGreaterThan(0);
    for (const { value, nodes_total, job: whole } of progress) {
      expect([nodes_total, whole.id, whole.urls]).toEqual([7, job.id, job.urls]);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    expect(progress.map(({ value }) => value)).toEqual(progress.map(({ value }) => value).sort((a, b) => a - b));
    expect((await ended(server, first.id)).status).toBe("succeeded");
  });

  test("show the picture while it is made", async () => {
    const server = await startServer();
    const prompt = textToImage();
    prompt[5].inputs.steps = 60;
    const { json } = await send(server, prompt);
    const stream = await followEvents(server, json.urls.events);
    const { data } = await stream.until(({ event }) => event === "preview");
    expect(data).toMatchObject({ node_id: "5", content_type: expect.stringMatching(/^image\/(jpeg|png)$/) });
    expect(Buffer.from(data.data_base64, "base64").length).toBeGreaterThan(100);
    await ask(server, json.urls.cancel, { method: "POST" });
    await stream.ended;
    expect(stream.events.at(-1)?.data.status).toBe("canceled");
  });

  test("of a job that is over are one, and a browser that comes back is told to stop", async () => {
    const server = await startServer();
    const id = await submit(server, showText("a"));
    await ended(server, id);
    const path = `/api/v2/jobs/${id}/events`;
    for (const last of ["", "7", "nonsense"]) {
      const stream = await followEvents(server, path, { "last-event-id": last });
      await stream.ended;
      expect(stream.events.map(({ event }) => event)).toEqual(["output", "status"]);
    }
    expect((await ask(server, path, { headers: { "last-event-id": "end" } })).status).toBe(204);
    expect((await ask(server, `/api/v2/jobs/${randomUUID()}/events`)).status).toBe(404);
  });

  test("go on over a death of the worker, and tell each try", async () => {
    const server = await startServer(testPack);
    const { json } = await send(server, { 1: { class_type: "Crash", inputs: {} } });
    const stream = await followEvents(server, json.urls.events);
    await stream.ended;
    const last = stream.events.at(-1)!.data;
    expect(last).toMatchObject({ status: "failed", attempts: [{ outcome: "lost" }, { outcome: "lost" }] });
  });

  test("are limited in number, and a stream that is left makes room for another", async () => {
    const server = await startServer(testPack);
    const { json } = await send(server, wait(60_000));
    const open = [];
    for (let i = 0; i < 64; i++) open.push(await followEvents(server, json.urls.events));
    const refused = await ask(server, json.urls.events);
    expect([refused.status, refused.json.error.code, refused.headers["retry-after"]]).toEqual([
      429,
      "too_many_streams",
      "5",
    ]);
    for (const stream of open) stream.leave();
    await until(
      () => followEvents(server, json.urls.events),
      ({ status }) => status === 200,
    );
    await ask(server, json.urls.cancel, { method: "POST" });
    expect((await ended(server, json.id)).status).toBe("canceled");
  });
});
