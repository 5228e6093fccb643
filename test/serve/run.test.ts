import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { root } from "../command.js";
import { ask, startServer, type TestServer, testPack, until } from "./server.js";

const read = (path: string) => JSON.parse(readFileSync(join(root, "workflows", path), "utf8"));
const save = async (server: TestServer, name: string, workflow: object | string) => {
  const path = `/userdata/${encodeURIComponent(`workflows/${name}.json`)}`;
  expect((await ask(server, path, { body: workflow })).status).toBe(200);
};
const run = (server: TestServer, name: string, body: object = {}, query = "?wait=60", headers = {}) =>
  ask(server, `/api/run/${encodeURIComponent(name)}${query}`, { body, headers });
const promptOf = async (server: TestServer, { urls }: { urls: { self: string } }) => {
  const id = urls.self.split("/").at(-1);
  return (await ask(server, `/api/jobs/${id}`)).json.workflow.prompt;
};
const block = {
  prompt: { node: "Positive prompt", input: "text", description: "what to draw", required: true },
  size: { to: ["4.width", "4.height"], default: 64, max: 128 },
  seed: "5.seed",
};

describe("POST /api/run/{name}", () => {
  test("runs a saved workflow with its declared inputs, and waits for the picture", async () => {
    const server = await startServer();
    await save(server, "draw", { ...read("text-to-image.json"), inputs: block });
    const { status, json, text } = await run(server, "draw", { inputs: { prompt: "a fox", seed: 2 ** 52 } });
    expect(status, text).toBe(200);
    expect(json).toMatchObject({ status: "succeeded", outputs: [{ type: "image", node_id: "7" }] });
    const picture = await fetch(json.outputs[0].url);
    const { width, height } = await sharp(Buffer.from(await picture.arrayBuffer())).metadata();
    expect([width, height]).toEqual([64, 64]);
    const prompt = await promptOf(server, json);
    expect([prompt[2].inputs.text, prompt[5].inputs.seed]).toEqual(["a fox", 2 ** 52]);
    expect(prompt).not.toHaveProperty("inputs");
  });

  test("answers at once without wait, and when the time is over", async () => {
    const server = await startServer(testPack);
    await save(server, "slow", { 1: { class_type: "Wait", inputs: { ms: 60_000 } } });
    for (const query of ["", "?wait=0.2"]) {
      const { status, json } = await run(server, "slow", {}, query);
      expect([status, json.completed_at]).toEqual([202, null]);
      await ask(server, json.urls.cancel, { method: "POST" });
    }
    const { status } = await run(server, "slow", { inputs: { "1.ms": 50 } });
    expect(status).toBe(200);
    for (const query of ["?wait=-1", "?wait=x", "?wait=100000"])
      expect((await run(server, "slow", {}, query)).status, query).toBe(400);
  });

  test("a job that fails while it is waited for says so", async () => {
    const server = await startServer(testPack);
    await save(server, "fails", { 1: { class_type: "Fail", inputs: {} } });
    const { status, json } = await run(server, "fails");
    expect([status, json.status, json.error.message]).toEqual([200, "failed", "this node always fails"]);
  });

  test("says everything that is wrong with the inputs, and which there are", async () => {
    const server = await startServer();
    await save(server, "draw", { prompt: read("text-to-image.json"), inputs: block });
    const { status, json } = await run(server, "draw", { inputs: { promt: "x", size: 256, seed: "many" } });
    expect([status, json.error.type]).toEqual([400, "invalid_inputs"]);
    expect(json.error.extra_info.inputs).toEqual({
      promt: "this workflow has no input of this name; it has prompt, size, seed",
      size: "256 is more than 128",
      seed: '"many" is not a whole number',
      prompt: "it is required",
    });
    const stray = await run(server, "draw", { prompt: "x" });
    expect(stray.json.error).toMatchObject({
      message: '"prompt" is not known here',
      details: expect.stringContaining('stand under "inputs"'),
    });
    expect((await ask(server, "/queue")).json).toEqual({ queue_running: [], queue_pending: [] });
    await save(server, "broken", { ...read("text-to-image.json"), inputs: { a: "Nobody.text" } });
    const broken = await run(server, "broken");
    expect([broken.status, broken.json.error.type]).toEqual([400, "invalid_workflow"]);
    expect(broken.json.error.details).toContain('declares "a" wrongly');
  });

  test("without a block, nodes are named by title, and titles that clash say the way out", async () => {
    const server = await startServer();
    await save(server, "plain", read("text-to-image.json"));
    const inputs = { "Positive prompt": "a cat", "Negative prompt.text": "blur", "Sampler.steps": 2, "4.width": 64 };
    const { status, json, text } = await run(server, "plain", { inputs });
    expect(status, text).toBe(200);
    const prompt = await promptOf(server, json);
    expect([prompt[2], prompt[3], prompt[5], prompt[4]].map((node) => node.inputs)).toMatchObject([
      { text: "a cat" },
      { text: "blur" },
      { steps: 2 },
      { width: 64 },
    ]);
    const clash = await run(server, "plain", { inputs: { CLIPTextEncode: "x", "5": 1, Nobody: 1 } });
    expect(clash.json.error.extra_info.inputs).toEqual({
      CLIPTextEncode: '2 nodes go by "CLIPTextEncode"; give an id: 2, 3',
      5: expect.stringMatching(/^5 has \d values: seed, .*; write it as node.input$/),
      Nobody: expect.stringContaining("The nodes are 1 (Load checkpoint), 2 (Positive prompt)"),
    });
  });

  test("takes what the editor saved, in folders too, and pictures hold it", async () => {
    const server = await startServer();
    const saved = read("saved/one-seed-two-prompts.json");
    await save(server, "mine/two prompts", { ...saved, extra: { ...saved.extra, mezzotint: { inputs: {} } } });
    const { status, json, text } = await run(server, "mine/two prompts", { seed: 7 });
    expect(status, text).toBe(200);
    expect(json.outputs.length).toBeGreaterThan(0);
    expect((await ask(server, json.urls.workflow)).json).toMatchObject({ format: "save", workflow: { id: saved.id } });
    const { json: list } = await ask(server, `/api/v2/jobs?workflow_id=${saved.id}`);
    expect(list.jobs).toMatchObject([{ id: json.id }]);
  });

  test("draws anew with a random seed, and the same for a request that is sent again", async () => {
    const server = await startServer();
    await save(server, "draw", read("text-to-image.json"));
    const seedOf = async (headers = {}) => {
      const { status, json, text } = await run(server, "draw", { seed: "random" }, "", headers);
      expect(status, text).toBe(202);
      await ask(server, json.urls.cancel, { method: "POST" });
      // Seeds are larger than what JSON.parse reads exactly: the text tells them apart.
      return /"seed":(\d+)/.exec((await ask(server, json.urls.workflow)).text)?.[1];
    };
    const [one, two] = [await seedOf(), await seedOf()];
    expect(one).not.toBe(two);
    const key = { "idempotency-key": "again" };
    const first = await run(server, "draw", { seed: "random" }, "?wait=60", key);
    const again = await run(server, "draw", { seed: "random" }, "?wait=60", key);
    expect([first.status, again.status, again.json.id]).toEqual([200, 200, first.json.id]);
    expect((await run(server, "draw", { seed: 5 }, "", key)).status).toBe(409);
  });

  test("what is not there, or is no workflow, is said", async () => {
    const server = await startServer();
    const nothing = await run(server, "draw");
    expect([nothing.status, nothing.json.error.details]).toEqual([404, "none is saved: save one from the editor"]);
    await save(server, "draw", read("text-to-image.json"));
    const other = await run(server, "drew");
    expect([other.status, other.json.error.details]).toEqual([404, "there are draw"]);
    await save(server, "list", "[]");
    await save(server, "junk", "junk");
    for (const name of ["list", "junk"]) {
      const { status, json } = await run(server, name);
      expect([status, json.error.type], name).toEqual([400, "invalid_workflow"]);
      expect(json.error.details).not.toContain(server.data);
    }
    for (const name of ["../settings", "../../../etc/passwd", "/etc/passwd", "a\0b", ".."])
      expect([400, 403, 404], name).toContain((await run(server, name)).status);
  });
});

test("GET tells which workflows there are, and what each takes", async () => {
  const server = await startServer();
  expect((await ask(server, "/api/run")).json).toEqual({ workflows: [] });
  await save(server, "draw", { ...read("text-to-image.json"), inputs: block });
  await save(server, "mine/plain", read("text-to-image.json"));
  expect((await ask(server, "/api/run")).json).toEqual({ workflows: [{ name: "draw" }, { name: "mine/plain" }] });
  expect((await ask(server, "/api/run/draw")).json).toEqual({
    name: "draw",
    declared: true,
    inputs: {
      type: "object",
      required: ["prompt"],
      additionalProperties: false,
      properties: {
        prompt: expect.objectContaining({
          type: "string",
          description: "what to draw",
          default: "butterfly",
          "x-sets": ["2.text"],
        }),
        size: expect.objectContaining({
          type: "integer",
          default: 64,
          maximum: 128,
          "x-sets": ["4.width", "4.height"],
        }),
        seed: expect.objectContaining({ type: "integer", minimum: 0 }),
      },
    },
  });
  const { json } = await ask(server, "/api/run/mine%2Fplain");
  expect(json.declared).toBe(false);
  expect(Object.keys(json.inputs.properties)).toContain("Positive prompt");
  expect(json.inputs.properties["Sampler.sampler_name"]).toBeDefined();
  expect((await ask(server, "/api/run/nobody")).status).toBe(404);
  // Bare, it would be a page of the editor's.
  expect((await ask(server, "/run/draw", { body: {} })).status).toBe(404);
  await until(
    () => ask(server, "/api/v2/jobs"),
    (answer) => answer.json.pagination.total === 0,
  );
});
