import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../command.js";
import { follow } from "./follow.js";
import { ask, dataFolder, entryOf, startServer, submit, testPack, until } from "./server.js";

test("every route is there bare and under /api", async () => {
  const server = await startServer();
  const paths = [
    "/prompt",
    "/queue",
    "/history",
    "/object_info",
    "/system_stats",
    "/features",
    "/extensions",
    "/embeddings",
    "/models",
    "/models/checkpoints",
    "/experiment/models",
    "/i18n",
    "/global_subgraphs",
    "/node_replacements",
    "/workflow_templates",
    "/internal/logs",
    "/internal/logs/raw",
    "/internal/folder_paths",
    "/health",
    "/users",
    "/settings",
  ];
  for (const path of paths) {
    const [bare, under] = [await ask(server, path), await ask(server, `/api${path}`)];
    expect([bare.status, under.status], path).toEqual([200, 200]);
    expect(Array.isArray(bare.json), path).toBe(Array.isArray(under.json));
  }
  expect((await ask(server, "/api/jobs")).status).toBe(200);
});

describe("what editors ask at their start", () => {
  test("nodes, by all and by name", async () => {
    const server = await startServer();
    const { json, headers } = await ask(server, "/object_info");
    expect(json.KSampler).toMatchObject({
      name: "KSampler",
      output: ["LATENT"],
      input: { required: { seed: ["INT", { control_after_generate: true }] } },
      input_order: { required: expect.arrayContaining(["model", "seed", "steps"]) },
    });
    expect((await ask(server, "/object_info/KSampler")).json).toEqual({ KSampler: json.KSampler });
    expect((await ask(server, "/object_info/Nobody")).json).toEqual({});
    const again = await ask(server, "/object_info", { headers: { "if-none-match": headers.etag! } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });

  test("a model that comes is listed and may be used without a restart", async () => {
    const server = await startServer();
    const listed = async () => (await ask(server, "/object_info/VAELoader")).json.VAELoader.input.required.vae_name[0];
    expect(await listed()).not.toContain("new.safetensors");
    mkdirSync(join(server.data, "models/vae"), { recursive: true });
    writeFileSync(join(server.data, "models/vae/new.safetensors"), "");
    await until(listed, (names) => names.includes("new.safetensors"));
    expect((await ask(server, "/models/vae")).json).toContain("new.safetensors");
    expect((await ask(server, "/experiment/models/vae")).json).toContainEqual(
      expect.objectContaining({ name: "new.safetensors", size: 0 }),
    );
  });

  test("a file that comes after the nodes were listed is not refused", async () => {
    const server = await startServer();
    await ask(server, "/object_info");
    mkdirSync(join(server.data, "input"), { recursive: true });
    writeFileSync(join(server.data, "input/late.png"), "");
    const prompt = {
      1: { class_type: "LoadImage", inputs: { image: "late.png" } },
      2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    };
    const { json } = await ask(server, "/prompt", { body: { prompt } });
    const types = JSON.stringify(json);
    expect(types).not.toContain("value_not_in_list");
  });

  test("the machine, the kinds of models, the features", async () => {
    const server = await startServer();
    const stats = (await ask(server, "/system_stats")).json;
    expect(stats.system.ram_total).toBeGreaterThan(0);
    expect(stats.devices).toEqual([expect.objectContaining({ type: "cpu", vram_total: stats.system.ram_total })]);
    expect((await ask(server, "/models")).json).toEqual(expect.arrayContaining(["checkpoints", "loras", "vae"]));
    expect((await ask(server, "/models/nonsense")).status).toBe(404);
    expect((await ask(server, "/models/checkpoints")).json).toContain("mezzotint-emoji");
    expect((await ask(server, "/features")).json).toMatchObject({ supports_preview_metadata: true });
  });
});

describe("what is shown at /", () => {
  test("without an editor, a page that says what this is", async () => {
    const server = await startServer();
    const { headers, text } = await ask(server, "/");
    expect(headers["content-type"]).toContain("text/html");
    expect(text).toContain("--front-end-root");
    for (const [, link] of text.matchAll(/href="([^"]+)"/g)) expect((await ask(server, link!)).status, link).toBe(200);
  });

  test("with one, its files, and never a page for what is missing", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "index.html"), "<!doctype html><title>An editor</title><script>start()</script>");
    mkdirSync(join(folder, "assets"));
    writeFileSync(join(folder, "assets/app.js"), "export {}");
    writeFileSync(join(folder, ".secret"), "hidden");
    const server = await startServer(["--front-end-root", folder]);
    const { text, headers } = await ask(server, "/");
    expect(text).toContain("An editor");
    // Its inline script may run; one that gets into the page may not.
    const hash = createHash("sha256").update("start()").digest("base64");
    expect(headers["content-security-policy"]).toContain(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}';`);
    expect((await ask(server, "/assets/app.js")).headers["content-type"]).toContain("javascript");
    for (const path of [
      "/workflows",
      "/api/nowhere",
      "/assets",
      "/.secret",
      "/assets/..%2f..%2fetc/passwd",
      "/users/x",
    ])
      expect((await ask(server, path)).status, path).toBe(404);
    expect((await ask(server, "/users")).json).toMatchObject({ storage: "server" });
  });

  test("a folder that holds none is refused in a sentence", async () => {
    await expect(startServer(["--front-end-root", temporaryFolder()])).rejects.toThrow("holds no built editor");
  });
});

test("the log is told to whoever asks, while they ask", async () => {
  const server = await startServer(testPack);
  const [asks, asksNot] = [await follow(server, "console"), await follow(server, "other")];
  const subscribe = (body: object) => ask(server, "/internal/logs/subscribe", { method: "PATCH", body });
  expect((await subscribe({ clientId: "console", enabled: true })).status).toBe(200);
  expect((await subscribe({ clientId: 5 })).status).toBe(400);
  // The pool tells of a worker that died.
  await entryOf(server, await submit(server, { 1: { class_type: "Crash", inputs: {} } }));
  await asks.until("logs");
  expect(asksNot.messages.map(({ type }) => type)).not.toContain("logs");
  const { entries, size } = (await ask(server, "/internal/logs/raw")).json;
  expect(entries).toContainEqual({ t: expect.stringMatching(/^\d{4}-.*Z$/), m: expect.stringMatching(/worker.*\n$/s) });
  expect(size).toEqual({ cols: expect.any(Number), rows: expect.any(Number) });
  expect((await ask(server, "/internal/logs")).json).toContain(entries[0].m);
});

test("what an earlier server left unfinished is removed, and nothing else", async () => {
  const data = dataFolder();
  const unfinished = "pic_00001_.png.0b9cbd14-9a4c-4f0e-9d7c-2b1c5e6f7a80.part";
  for (const folder of ["output/sub", "temp"]) mkdirSync(join(data, folder), { recursive: true });
  writeFileSync(join(data, "output/sub", unfinished), "half");
  writeFileSync(join(data, "output/sub/mine.part"), "mine");
  writeFileSync(join(data, "temp/preview.png"), "old");
  const server = await startServer([], { data });
  await until(
    async () => (await import("node:fs")).readdirSync(join(data, "output/sub")),
    (names) => names.length === 1 && names[0] === "mine.part",
  );
  expect((await ask(server, "/view?filename=preview.png&type=temp")).status).toBe(404);
});
