import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ask, entryOf, showText, startServer, submit, testPack, until } from "./server.js";

describe("POST /prompt", () => {
  test("says what is wrong with a body, in ComfyUI's shape", async () => {
    const server = await startServer();
    const refused = async (body: unknown) => {
      const { status, json } = await ask(server, "/prompt", { body });
      return [status, json.error.type, json.node_errors];
    };
    expect(await refused({})).toEqual([400, "no_prompt", {}]);
    expect(await refused("")).toEqual([400, "no_prompt", {}]);
    expect(await refused("not JSON")).toEqual([400, "invalid_json", {}]);
    expect(await refused("[]")).toEqual([400, "invalid_json", {}]);
    expect(await refused(`${"[".repeat(1000)}${"]".repeat(1000)}`)).toEqual([400, "invalid_json", {}]);
    for (const prompt_id of ["x", randomUUID().toUpperCase(), 5, ""])
      expect(await refused({ prompt: showText("a"), prompt_id })).toEqual([400, "invalid_prompt_id", {}]);
    for (const more of [
      { client_id: 5 },
      { client_id: "x".repeat(129) },
      { client_id: "a\0b" },
      { number: "soon" },
      { extra_data: [] },
      { partial_execution_targets: "2" },
    ])
      expect(await refused({ prompt: showText("a"), ...more })).toEqual([400, "invalid_request", {}]);
    expect(await refused({ prompt: {} })).toEqual([400, "prompt_no_outputs", {}]);
    expect(await refused({ workflow: { nodes: [{ id: 1, type: "Nobody'sNode" }], links: [] } })).toEqual([
      400,
      expect.stringMatching(/missing_node_type|prompt_no_outputs|workflow_not_convertible/),
      expect.anything(),
    ]);
    // The queue is as it was, and so is the server.
    expect((await ask(server, "/queue")).json).toEqual({ queue_running: [], queue_pending: [] });
    expect((await ask(server, "/history")).json).toEqual({});
  });

  test("names the node, the input, and the outputs that cannot run", async () => {
    const server = await startServer();
    const prompt = {
      1: { class_type: "PrimitiveInt", inputs: { value: "many" } },
      2: { class_type: "PreviewAny", inputs: { source: ["1", 0] } },
    };
    const { status, json } = await ask(server, "/prompt", { body: { prompt } });
    expect(status).toBe(400);
    expect(json).toEqual({
      error: {
        type: "prompt_outputs_failed_validation",
        message: expect.any(String),
        details: expect.stringContaining("many"),
        extra_info: {},
      },
      node_errors: {
        1: {
          errors: [
            {
              type: "invalid_input_type",
              message: expect.any(String),
              details: expect.stringContaining("many"),
              extra_info: expect.objectContaining({ input_name: "value", received_value: "many" }),
            },
          ],
          dependent_outputs: ["2"],
          class_type: "PrimitiveInt",
        },
      },
    });
  });

  test("survives the entries of unknown nodes that the editor sends without a class", async () => {
    const server = await startServer();
    const prompt = { ...showText("a"), 3: { inputs: { UNKNOWN: 1, UNKNOWN_1: ["1", 0] } }, 4: null, 5: 6, 7: [] };
    const { status, json } = await ask(server, "/prompt", { body: { prompt } });
    expect([status, json.error.type]).toEqual([400, "missing_node_type"]);
    expect(json.node_errors).toHaveProperty("3.errors.0.type", "missing_node_type");
  });

  test("runs what is in order, and tells what is not", async () => {
    const server = await startServer();
    const prompt = { ...showText("fine"), 3: { class_type: "PreviewAny", inputs: {} } };
    const { status, json } = await ask(server, "/prompt", { body: { prompt } });
    expect(status).toBe(200);
    expect(Object.keys(json.node_errors)).toEqual(["3"]);
    expect(Object.keys((await entryOf(server, json.prompt_id)).outputs)).toEqual(["2"]);
  });

  test("takes JSON whatever type the body has", async () => {
    const server = await startServer();
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/json", "multipart/form-data"]) {
      const answer = await ask(server, "/prompt", {
        body: JSON.stringify({ prompt: showText(type) }),
        headers: { "content-type": type },
      });
      expect(answer.status, answer.text).toBe(200);
    }
  });

  test("runs only the targets that are asked for", async () => {
    const server = await startServer();
    const prompt = { ...showText("a"), 3: { class_type: "PreviewAny", inputs: { source: ["1", 0] } } };
    const id = await submit(server, prompt, { partial_execution_targets: ["3"] });
    const { outputs, prompt: tuple } = await entryOf(server, id);
    expect(Object.keys(outputs)).toEqual(["3"]);
    expect(tuple[4]).toEqual(["3"]);
  });

  test("keeps 64-bit seeds to the last digit", async () => {
    const server = await startServer();
    const body = `{"prompt":{"1":{"class_type":"PreviewAny","inputs":{"source":18446744073709551615}}}}`;
    const { json } = await ask(server, "/prompt", { body });
    await entryOf(server, json.prompt_id);
    const { text } = await ask(server, `/history/${json.prompt_id}`);
    expect(text).toContain('"source":18446744073709551615');
  });

  test("the same id and prompt again is the same job; another prompt is a conflict", async () => {
    const server = await startServer();
    const prompt_id = randomUUID();
    const send = (text: string, more: object = { prompt_id }, headers = {}) =>
      ask(server, "/prompt", { body: { prompt: showText(text), ...more }, headers });
    const [first, again] = [await send("a"), await send("a")];
    expect(again.json).toEqual(first.json);
    expect(first.json.prompt_id).toBe(prompt_id);
    expect([(await send("b")).status, (await send("b")).json.error.type]).toEqual([409, "prompt_id_taken"]);

    const key = { "idempotency-key": "order 7" };
    const [one, same] = [await send("c", {}, key), await send("c", {}, key)];
    expect(same.json).toEqual(one.json);
    expect((await send("d", {}, key)).status).toBe(409);
    await entryOf(server, one.json.prompt_id);
    expect((await ask(server, "/api/jobs")).json.pagination.total).toBe(2);
  });

  test("secrets of ComfyUI's paid nodes are kept nowhere", async () => {
    const server = await startServer();
    const secrets = { auth_token_comfy_org: "sesame-1", api_key_comfy_org: "sesame-2" };
    const id = await submit(server, showText("a"), { extra_data: { ...secrets, extra_pnginfo: { note: "kept" } } });
    await entryOf(server, id);
    const answers = await Promise.all(
      ["/history", `/api/jobs/${id}`, "/internal/logs"].map((path) => ask(server, path)),
    );
    expect(answers[0]!.text).toContain("kept");
    for (const { text } of [...answers, { text: server.said() }]) expect(text).not.toContain("sesame");
  });

  test("what only a node's code can check is checked before the job is taken", async () => {
    const server = await startServer(testPack);
    const picky = (word: string) => ({ 1: { class_type: "Picky", inputs: { word } } });
    const { status, json } = await ask(server, "/prompt", { body: { prompt: picky("now") } });
    expect(status).toBe(400);
    expect(json.node_errors[1].errors[0]).toMatchObject({
      type: "custom_validation_failed",
      details: expect.stringContaining("it wants the word please"),
    });
    expect((await entryOf(server, await submit(server, picky("please")))).status.completed).toBe(true);
  });
});

test("a node that fails is told with its place, and the queue goes on", async () => {
  const server = await startServer(testPack);
  const failing = await submit(server, { 9: { class_type: "Fail", inputs: {} } });
  const { status } = await entryOf(server, failing);
  expect(status).toMatchObject({ status_str: "error", completed: false });
  expect(status.messages.at(-1)).toEqual([
    "execution_error",
    expect.objectContaining({
      prompt_id: failing,
      node_id: "9",
      node_type: "Fail",
      exception_type: "RangeError",
      exception_message: "this node always fails",
    }),
  ]);
  expect((await entryOf(server, await submit(server, showText("next")))).status.completed).toBe(true);
});

test("jobs are listed, filtered, paged, and told in full", async () => {
  const server = await startServer(testPack);
  const good = await submit(server, showText("a"));
  const bad = await submit(server, { 1: { class_type: "Fail", inputs: {} } });
  await entryOf(server, bad);
  const list = async (query: string) => (await ask(server, `/api/jobs?${query}`)).json;
  const ids = async (query: string) => (await list(query)).jobs.map(({ id }: { id: string }) => id);
  expect(await ids("sort_order=asc")).toEqual([good, bad]);
  expect(await ids("status=failed")).toEqual([bad]);
  expect(await ids("status=completed,failed")).toEqual([bad, good]);
  expect(await list("limit=1&offset=1")).toMatchObject({
    jobs: [{ id: good, status: "completed" }],
    pagination: { offset: 1, limit: 1, total: 2, has_more: false },
  });
  expect((await list("limit=1")).pagination.has_more).toBe(true);
  for (const query of ["status=done", "sort_by=size", "sort_order=up", "limit=-1", "offset=x"])
    expect((await ask(server, `/api/jobs?${query}`)).status, query).toBe(400);
  expect((await ask(server, `/api/jobs/${bad}`)).json).toMatchObject({
    id: bad,
    status: "failed",
    execution_error: { exception_type: "RangeError" },
    workflow: { prompt: { 1: { class_type: "Fail" } } },
  });
  expect((await ask(server, `/api/jobs/${randomUUID()}`)).status).toBe(404);
});

test("history is a window on what ran, oldest first, and can be removed", async () => {
  const server = await startServer();
  const ids: string[] = [];
  for (const text of ["a", "b", "c", "d"]) {
    ids.push(await submit(server, showText(text)));
    await entryOf(server, ids.at(-1)!);
  }
  const keys = async (query: string) => Object.keys((await ask(server, `/history${query}`)).json);
  expect(await keys("")).toEqual(ids);
  expect(await keys("?max_items=2")).toEqual(ids.slice(-2));
  expect(await keys("?max_items=2&offset=1")).toEqual(ids.slice(1, 3));
  expect(await keys("?max_items=0")).toEqual([]);
  expect((await ask(server, "/history", { body: { delete: [ids[1], "nobody"] } })).status).toBe(200);
  expect(await keys("")).toEqual([ids[0], ids[2], ids[3]]);
  await ask(server, "/api/history", { body: { clear: true } });
  expect(await keys("")).toEqual([]);
  const unknown = await ask(server, `/history/${ids[0]}`);
  expect([unknown.status, unknown.json]).toEqual([200, {}]);
});

test("the queue tells what waits in the order in which it will run, and lets go what is deleted", async () => {
  const server = await startServer(testPack);
  const running = await submit(server, { 1: { class_type: "Wait", inputs: { ms: 60_000 } } });
  await until(
    () => ask(server, "/queue"),
    ({ json }) => json.queue_running.length === 1,
  );
  const [late, early] = [
    await submit(server, showText("late")),
    await submit(server, showText("early"), { front: true }),
  ];
  const last = await submit(server, showText("last"), { number: 1e6 });
  const waiting = async () => (await ask(server, "/queue")).json.queue_pending.map((tuple: unknown[]) => tuple[1]);
  expect(await waiting()).toEqual([early, late, last]);
  expect((await ask(server, "/prompt")).json).toEqual({ exec_info: { queue_remaining: 4 } });
  await ask(server, "/queue", { body: { delete: [early, running] } });
  expect(await waiting()).toEqual([late, last]);
  expect((await ask(server, "/queue")).json.queue_running.map((tuple: unknown[]) => tuple[1])).toEqual([running]);
  await ask(server, "/queue", { body: { clear: true } });
  expect(await waiting()).toEqual([]);
  expect((await ask(server, `/api/jobs/${late}`)).json.status).toBe("cancelled");
});
