import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { root } from "../command.js";
import { follow } from "../serve/follow.js";
import { ask, entryOf, showText, startServer, submit, type TestServer, testPack, until } from "../serve/server.js";
import { expectPicture } from "./picture.js";

// Details that clients of ComfyUI rely on and that no document promises; each test names who.

/** A picture in few steps. */
function textToImage() {
  const prompt = JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));
  prompt[5].inputs.steps = 8;
  return prompt;
}

const sketch = () => readFileSync(join(root, "workflows/input/sketch.png"));

/** Opens a socket that keeps frames as they come, and may say what it can read. */
async function listen({ url }: TestServer, client: string, flags?: object) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${client}`);
  onTestFinished(() => socket.terminate());
  const [texts, frames]: [string[], Buffer[]] = [[], []];
  socket.on("message", (data, binary) => void (binary ? frames.push(data as Buffer) : texts.push(String(data))));
  await new Promise((open, fail) => socket.once("open", open).once("error", fail));
  if (flags) socket.send(JSON.stringify({ type: "feature_flags", data: flags }));
  const over = (id: string) =>
    until(
      async () => texts.map((text) => JSON.parse(text)),
      (all) => all.some(({ type, data }) => type === "executing" && data.node === null && data.prompt_id === id),
    );
  return { texts, frames, over };
}

test("Open WebUI: a key that is empty or unknown does no harm where none is needed", async () => {
  const server = await startServer();
  const { host } = new URL(server.url);
  for (const authorization of ["Bearer ", "Bearer None", "Basic dXNlcjpwYXNz"]) {
    const headers = { authorization, "user-agent": "Mozilla/5.0", host };
    expect((await ask(server, "/object_info", { headers })).status, authorization).toBe(200);
    const { status } = await ask(server, "/prompt", { headers, body: { prompt: showText("a"), client_id: "u" } });
    expect(status, authorization).toBe(200);
    expect((await follow(server, "u", headers)).messages, authorization).toBeDefined();
  }
});

test("Open WebUI: a picture is uploaded as a form, and named in the next prompt by the answer's name", async () => {
  const server = await startServer();
  const form = new FormData();
  form.append("image", new File([sketch()], "from chat.png", { type: "image/png" }));
  form.append("type", "input");
  const uploaded = await fetch(`${server.url}/api/upload/image`, { method: "POST", body: form });
  const { name } = (await uploaded.json()) as { readonly name: string };
  const prompt = {
    1: { class_type: "LoadImage", inputs: { image: name } },
    2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
  };
  const { outputs } = await entryOf(server, await submit(server, prompt));
  const [{ filename, subfolder, type }] = outputs[2].images;
  const query = new URLSearchParams({ filename, subfolder, type });
  const picture = await fetch(`${server.url}/view?${query}`, { headers: { "user-agent": "Mozilla/5.0" } });
  await expectPicture(Buffer.from(await picture.arrayBuffer()), { width: 160, height: 128 });
});

test("scripts that wait for `executing` without a node are let go when a run fails or is interrupted", async () => {
  const server = await startServer(testPack);
  const { over, texts } = await listen(server, "script");
  const failing = await submit(server, { 1: { class_type: "Fail", inputs: {} } }, { client_id: "script" });
  await over(failing);
  expect((await entryOf(server, failing)).status.status_str).toBe("error");
  const long = await submit(server, { 1: { class_type: "Wait", inputs: { ms: 60_000 } } }, { client_id: "script" });
  await until(
    async () => texts,
    (all) => all.some((text) => text.includes(`"execution_start"`) && text.includes(long)),
  );
  // Krita's plugin and SwarmUI name no job, or name it; either way with a body, which others leave out.
  await ask(server, "/interrupt", { body: {} });
  await over(long);
});

test("krita-ai-diffusion: a job runs under the id that the client gave it, and is told under it", async () => {
  const server = await startServer();
  const prompt_id = randomUUID();
  const { over } = await listen(server, "krita");
  const { json } = await ask(server, "/prompt", { body: { prompt: showText("a"), client_id: "krita", prompt_id } });
  expect(json.prompt_id).toBe(prompt_id);
  const told = await over(prompt_id);
  const ids = new Set(told.flatMap(({ data }) => ("prompt_id" in data ? [data.prompt_id] : [])));
  expect([...ids]).toEqual([prompt_id]);
  const [{ type }] = told;
  expect(type).toBe("status");
});

test("krita-ai-diffusion: previews are JPEG, since a PNG would be taken for the result", async () => {
  const server = await startServer();
  const { over, frames } = await listen(server, "krita");
  await over(await submit(server, textToImage(), { client_id: "krita" }));
  expect(frames.length).toBeGreaterThan(0);
  for (const frame of frames) expect([frame.readUInt32BE(0), frame.readUInt32BE(4)]).toEqual([1, 1]);
});

test("SwarmUI: every message begins with its type, and previews with metadata say their picture's type", async () => {
  const server = await startServer();
  const { over, texts, frames } = await listen(server, "swarm", { supports_preview_metadata: true });
  const id = await submit(server, textToImage(), { client_id: "swarm" });
  await over(id);
  for (const text of texts) expect(text.slice(0, 8)).toBe('{"type":');
  expect(frames.length).toBeGreaterThan(0);
  for (const frame of frames) {
    expect(frame.readUInt32BE(0)).toBe(4);
    const length = frame.readUInt32BE(4);
    const about = JSON.parse(frame.subarray(8, 8 + length).toString());
    expect(about).toMatchObject({ node_id: "5", prompt_id: id, image_type: "image/jpeg" });
    await expectPicture(frame.subarray(8 + length), { format: "jpeg" });
  }
});

test("SwarmUI: the choices of a loader are a list of names, and a finished job's history can be deleted at once", async () => {
  const server = await startServer();
  const { json } = await ask(server, "/object_info");
  for (const [node, input] of [
    ["CheckpointLoaderSimple", "ckpt_name"],
    ["UNETLoader", "unet_name"],
    ["VAELoader", "vae_name"],
  ] as const)
    for (const name of json[node].input.required[input][0]) expect(name).toEqual(expect.any(String));
  const { over } = await listen(server, "swarm");
  const id = await submit(server, showText("a"), { client_id: "swarm" });
  await over(id);
  expect(Object.keys((await ask(server, `/history/${id}`)).json)).toEqual([id]);
  const headers = { "content-type": "text/plain; charset=utf-8" };
  expect((await ask(server, "/history", { body: { delete: [id] }, headers })).status).toBe(200);
  expect((await ask(server, `/history/${id}`)).json).toEqual({});
});

test("@saintno/comfyui-sdk: a job is in the queue or in the history at every moment", async () => {
  const server = await startServer();
  const id = await submit(server, textToImage());
  const seen = async () => {
    const { queue_running, queue_pending } = (await ask(server, "/queue")).json;
    if ([...queue_running, ...queue_pending].some(([, job]) => job === id)) return "queue";
    return id in (await ask(server, `/history/${id}`)).json ? "history" : "nowhere";
  };
  const places = new Set<string>();
  await until(
    async () => places.add(await seen()),
    () => places.has("history") || places.has("nowhere"),
  );
  expect([...places]).toEqual(["queue", "history"]);
});

test("ComfyUI's frontend: a prompt that asks for no previews gets none", async () => {
  const server = await startServer();
  const { over, frames, texts } = await listen(server, "editor", { supports_preview_metadata: true });
  await over(await submit(server, textToImage(), { client_id: "editor", extra_data: { preview_method: "none" } }));
  expect(texts.some((text) => text.startsWith('{"type":"progress"'))).toBe(true);
  expect(frames).toEqual([]);
});
