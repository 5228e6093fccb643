import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../command.js";
import { type Answer, ask, dataFolder, startServer, type TestServer, until } from "../serve/server.js";
import { formOf, picture } from "./people.js";

// Names in addresses and forms are tried one by one in server/src/http/files/attacks.test.ts. Here: through a whole server,
// by the ways that it does not see.

/** Ways from a folder of the data directory to a file beside it, as a JSON text holds them. */
const WAYS = [
  "../secret.png",
  "..\\secret.png",
  "a/../../secret.png",
  "a\\..\\..\\secret.png",
  "./../secret.png",
  "%2e%2e/secret.png",
  "..%2fsecret.png",
  "secret.png\0.png",
  "\\\\server\\share\\secret.png",
  "C:\\secret.png",
  "file:///etc/passwd",
  "/etc/passwd",
  "link.png",
  "out/secret.png",
];

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A server whose data directory has a secret, and links that lead to it. */
async function withSecret() {
  const data = dataFolder();
  writeFileSync(join(data, "secret.png"), PNG);
  writeFileSync(join(data, "secret.safetensors"), "secret");
  for (const folder of ["input", "output", "temp", "models/checkpoints", "users/default/workflows"]) {
    mkdirSync(join(data, folder), { recursive: true });
    symlinkSync(join(data, "secret.png"), join(data, folder, "link.png"));
    symlinkSync(data, join(data, folder, "out"));
  }
  writeFileSync(join(data, "input/own.png"), PNG);
  const server = await startServer([], { data });
  const before = tree(data);
  return { data, server, before };
}

/** Names of all files but those that the database and the server keep. Links are not followed: they lead round. */
const tree = (data: string, folder = ""): string[] =>
  readdirSync(join(data, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = join(folder, entry.name);
      return entry.isDirectory() ? tree(data, name) : [name];
    })
    .filter((name) => !/^(jobs\.db|lock\.db|server\.json|cache)/.test(name))
    .sort();

/** Whether a prompt was refused at once, or failed when it ran. */
async function failed(server: TestServer, prompt: object): Promise<boolean> {
  const { status, json } = await ask(server, "/prompt", { body: { prompt } });
  if (status !== 200) return status === 400;
  const { json: history } = await until(
    () => ask(server, `/history/${json.prompt_id}`),
    (answer: Answer) => answer.json?.[json.prompt_id] !== undefined,
  );
  return history[json.prompt_id].status.status_str === "error";
}

test.each([
  [
    "LoadImage",
    (image: string) => ({
      1: { class_type: "LoadImage", inputs: { image } },
      2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    }),
  ],
  [
    "LoadImage, with a folder in the name",
    (image: string) => ({
      1: { class_type: "LoadImage", inputs: { image: `${image} [output]` } },
      2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    }),
  ],
  [
    "LoadImageMask",
    (image: string) => ({
      1: { class_type: "LoadImageMask", inputs: { image, channel: "red" } },
      2: { class_type: "MaskToImage", inputs: { mask: ["1", 0] } },
      3: { class_type: "PreviewImage", inputs: { images: ["2", 0] } },
    }),
  ],
  [
    "CheckpointLoaderSimple",
    (way: string) => ({
      1: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: way.replace(".png", ".safetensors") } },
      2: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["1", 2] } },
      3: { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
      4: { class_type: "PreviewImage", inputs: { images: ["2", 0] } },
    }),
  ],
])("a node reads nothing outside its folder: %s", async (_, prompt) => {
  const { data, server, before } = await withSecret();
  for (const way of WAYS) expect([way, await failed(server, prompt(way))]).toEqual([way, true]);
  expect(tree(data)).toEqual(before);
});

test("SaveImage's prefix leads nowhere outside: what is no way out is a name like any other", async () => {
  const { data, server, before } = await withSecret();
  const outside = (names: readonly string[]) => names.filter((name) => !name.startsWith("output"));
  for (const way of WAYS) {
    const refused = await failed(server, picture(way.replace("secret.png", "evil")));
    expect([way, refused || !/^\.\.?[/\\]|^[/\\]|^C:/.test(way)]).toEqual([way, true]);
  }
  expect(outside(tree(data))).toEqual(outside(before));
});

test("a link in the output folder is no way out for SaveImage", async () => {
  const { data, server } = await withSecret();
  await failed(server, picture("out/evil"));
  expect(readdirSync(data).filter((name) => name.startsWith("evil"))).toEqual([]);
});

test("a mask is drawn on no picture outside, and lands nowhere outside", async () => {
  const { data, server, before } = await withSecret();
  for (const way of WAYS) {
    for (const ref of [
      { filename: way },
      { filename: "secret.png", subfolder: way },
      { filename: "own.png", type: way },
    ]) {
      const fields = { original_ref: JSON.stringify({ type: "input", ...ref }) };
      const { status } = await ask(server, "/upload/mask", formOf("mask.png", PNG, fields));
      expect([way, status >= 400 && status < 500]).toEqual([way, true]);
    }
    const subfolder = way.replaceAll("secret.png", "evil").replaceAll("link.png", "out");
    const own = { original_ref: JSON.stringify({ filename: "own.png", type: "input" }), subfolder };
    if (!["file:///etc/passwd"].includes(way)) {
      const { status } = await ask(server, "/upload/mask", formOf("mask.png", PNG, own));
      expect([subfolder, status >= 400 && status < 500]).toEqual([subfolder, true]);
    }
  }
  expect(tree(data)).toEqual(before);
});

test("a workflow's name leads to saved workflows only", async () => {
  const { data, server } = await withSecret();
  writeFileSync(join(data, "secret.json"), JSON.stringify(picture("secret")));
  for (const way of [...WAYS.map((one) => one.replace(".png", "")), "../../../secret", "out/secret", "link"]) {
    const name = encodeURIComponent(way);
    for (const asking of [{}, { body: {} }]) {
      const { status, text } = await ask(server, `/api/run/${name}`, asking);
      expect([way, status >= 400 && status < 500]).toEqual([way, true]);
      expect(text).not.toContain("EmptyImage");
    }
  }
});

test("an uploaded asset's name chooses no place", async () => {
  const { data, server, before } = await withSecret();
  for (const way of WAYS) {
    const name = way.replaceAll(/["\0]/g, "");
    const { status } = await ask(server, "/api/v2/assets", formOf(name, PNG, {}, "file"));
    expect([way, status < 500]).toEqual([way, true]);
  }
  const made = tree(data).filter((name) => !before.includes(name));
  expect(made.filter((name) => !/^input\/\.assets(\/[\w-]+\.png)?$/.test(name))).toEqual([]);
});

test("an editor's folder shows what is in it, and nothing beside it", async () => {
  const parent = temporaryFolder();
  const folder = join(parent, "static");
  mkdirSync(folder);
  writeFileSync(join(parent, "secret.txt"), "the secret");
  writeFileSync(join(folder, ".env"), "the secret");
  writeFileSync(join(folder, "index.html"), "<!doctype html>");
  const server = await startServer(["--front-end-root", folder]);
  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/assets/../../secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "//secret.txt",
    "/%00",
    "/secret.txt%00.js",
    "/..%252fsecret.txt",
    "/.env",
    "/%2eenv",
    "/static/../../secret.txt",
  ]) {
    const { status, text } = await ask(server, path);
    expect([path, status >= 400 && status < 500, text.includes("the secret")]).toEqual([path, true, false]);
  }
});
