import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { root } from "../command.js";
import { follow } from "./follow.js";
import { ask, entryOf, startServer } from "./server.js";

const textToImage = () => JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));

test("an API script queues a prompt, follows it, and fetches the picture", async () => {
  const server = await startServer();
  const socket = await follow(server, "script");
  const prompt = textToImage();
  const queued = await ask(server, "/prompt", { body: { prompt, client_id: "script" } });
  expect(queued.status).toBe(200);
  expect(queued.json).toEqual({ prompt_id: expect.any(String), number: expect.any(Number), node_errors: {} });
  const { prompt_id } = queued.json;
  await socket.until("executing", (data) => data.node === null && data.prompt_id === prompt_id);

  // The order that ComfyUI's clients rely on.
  const types = socket.messages.map(({ type }) => type);
  expect(types[0]).toBe("status");
  const order = ["execution_start", "execution_cached", "executing", "progress", "executed", "execution_success"];
  const places = order.map((type) => types.indexOf(type));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(types.filter((type) => type === "execution_cached")).toHaveLength(1);
  expect(socket.previews.length).toBeGreaterThan(0);
  expect((await sharp(socket.previews.at(-1)).metadata()).format).toMatch(/jpeg|png/);

  const { json } = await ask(server, `/history/${prompt_id}`);
  const { outputs, status, prompt: tuple } = json[prompt_id];
  expect(status).toMatchObject({ status_str: "success", completed: true });
  expect(tuple.slice(0, 3)).toEqual([queued.json.number, prompt_id, prompt]);
  expect(tuple[3]).toMatchObject({ client_id: "script" });
  const [image] = (Object.values(outputs) as { images: Record<string, string>[] }[])[0]!.images;
  const query = new URLSearchParams(image);
  const picture = await fetch(`${server.url}/view?${query}`);
  expect(picture.headers.get("content-type")).toBe("image/png");
  const { width, height } = await sharp(Buffer.from(await picture.arrayBuffer())).metadata();
  expect([width, height]).toEqual([128, 128]);

  // What ran once is known: each node is told as cached, and the picture is shown again.
  const again = await ask(server, "/prompt", { body: { prompt, client_id: "script" } });
  const entry = await entryOf(server, again.json.prompt_id);
  expect(entry.outputs).toEqual(outputs);
});

test("a saved workflow is run as it is, and its pictures hold it", async () => {
  const server = await startServer();
  const saved = JSON.parse(readFileSync(join(root, "workflows/saved/one-subgraph-twice.json"), "utf8"));
  for (const body of [{ workflow: saved }, { prompt: saved }]) {
    const { status, json, text } = await ask(server, "/prompt", { body });
    expect(status, text).toBe(200);
    const entry = await entryOf(server, json.prompt_id);
    expect(entry.status.status_str).toBe("success");
    expect(entry.prompt[3].extra_pnginfo.workflow).toEqual(saved);
  }
  const { json } = await ask(server, "/api/jobs?status=completed");
  expect(json.jobs.map((job: { workflow_id: string }) => job.workflow_id)).toEqual([saved.id, saved.id]);
});
