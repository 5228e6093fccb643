import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ask, dataFolder, entryOf, startServer, submit } from "../serve/server.js";

const SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(1)">';

/** A prompt whose ids, titles and texts are script, and that shows them. */
const prompt = {
  [SCRIPT]: { class_type: "PrimitiveString", inputs: { value: SCRIPT }, _meta: { title: SCRIPT } },
  2: { class_type: "PreviewAny", inputs: { source: [SCRIPT, 0] }, _meta: { title: SCRIPT } },
};

test("script in node titles, ids, texts and workflows is data in every answer: nothing shows it as a page", async () => {
  const server = await startServer();
  const workflow = { id: "w", nodes: [], links: [], title: SCRIPT };
  const id = await submit(server, prompt, { extra_data: { extra_pnginfo: { workflow } } });
  await entryOf(server, id);
  await ask(server, `/userdata/${encodeURIComponent("workflows/script.json")}`, { body: workflow });
  const failing = { body: { prompt: { [SCRIPT]: { class_type: SCRIPT, inputs: {}, _meta: { title: SCRIPT } } } } };
  const answers = [
    ...(await Promise.all(
      [
        "/queue",
        "/history",
        `/history/${id}`,
        `/api/jobs/${id}`,
        `/api/v2/jobs/${id}`,
        `/api/v2/jobs/${id}/workflow`,
        `/userdata/${encodeURIComponent("workflows/script.json")}`,
        `/object_info/${encodeURIComponent(SCRIPT)}`,
        `/view?filename=${encodeURIComponent(SCRIPT)}`,
        `/${encodeURIComponent(SCRIPT)}`,
        "/internal/logs",
      ].map((path) => ask(server, path)),
    )),
    await ask(server, "/prompt", failing),
  ];
  expect(answers.some(({ text }) => text.includes("<script>"))).toBe(true);
  for (const { headers } of answers) {
    expect(headers["content-type"]).toMatch(/^application\/json/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'|^sandbox$/);
  }
});

test.each([
  ["a page", "page.html", "<!doctype html><script>alert(1)</script>"],
  ["an SVG with script", "picture.svg", '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ["a page that is called a picture", "picture.png", "<!doctype html><script>alert(1)</script>"],
  ["a name that is script and a header", 'a";\nSet-Cookie: x=1;<script>.png', "no picture"],
])("%s in the output folder is a download without a type", async (_, name, content) => {
  const data = dataFolder();
  mkdirSync(join(data, "output"), { recursive: true });
  writeFileSync(join(data, "output", name), content);
  const server = await startServer([], { data });
  const { status, headers } = await ask(server, `/view?filename=${encodeURIComponent(name)}`);
  expect(headers["set-cookie"]).toBeUndefined();
  // A name with control characters is not even looked for.
  if (name.includes("\n")) expect(status).toBe(400);
  else {
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(headers["content-disposition"]).toMatch(/^attachment/);
  }
});
