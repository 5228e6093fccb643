import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { ask, entryOf, showText, startServer, submit } from "./server.js";

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

test("the document is OpenAPI 3.1, and tells of every route what it needs to be called", async () => {
  const server = await startServer();
  const { json } = await ask(server, "/api/openapi.json");
  expect(json.openapi).toMatch(/^3\.1\./);
  expect(await new Validator().validate(structuredClone(json))).toEqual({ valid: true });
  for (const [path, methods] of Object.entries(json.paths as Paths)) {
    for (const [method, { summary, tags, security }] of Object.entries(methods)) {
      expect([path, method, summary.length > 3, tags.length]).toEqual([path, method, true, 1]);
      expect(["read", "run", "admin", undefined]).toContain(Object.values(security[0] ?? {})[0]?.[0]);
    }
  }
});

test("a route that is told of answers, and none changes anything for a reader", async () => {
  const server = await startServer();
  const { paths } = (await ask(server, "/api/openapi.json")).json as { paths: Paths };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const url = `/api${path.replace(/\{\w+\}/g, "x")}`;
      if (method === "get") {
        const { status, json } = await ask(server, url);
        // What is not there is a matter of the route's own, never of a path that nobody has.
        expect([url, json?.error?.details === "no GET route has this path"]).toEqual([url, false]);
        expect([url, status < 500]).toEqual([url, true]);
      } else expect([url, method, Object.values(security[0] ?? {})[0]?.[0]]).not.toEqual([url, method, "read"]);
    }
  }
});

test("answers are as the document has them", async () => {
  const server = await startServer();
  const id = await submit(server, showText("as documented"));
  await entryOf(server, id);
  const document = (await ask(server, "/api/openapi.json")).json;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "document");
  let compared = 0;
  for (const path of Object.keys(document.paths as Paths)) {
    const operation = document.paths[path].get;
    if (!operation) continue;
    const url = `/api${path.replace("{id}", id).replace("{folder}", "checkpoints").replace("{type}", "input").replace("{class}", "LoadImage")}`;
    const { status, json } = await ask(server, path === "/userdata" ? `${url}?dir=.` : url);
    if (json === undefined || !operation.responses[status]?.content?.["application/json"]) continue;
    const pointer = `document#/paths/${encodeURIComponent(path.replaceAll("/", "~1"))}/get/responses/${status}/content/application~1json/schema`;
    const validate = ajv.compile({ $ref: pointer });
    expect([path, validate(json), validate.errors]).toEqual([path, true, null]);
    compared++;
  }
  expect(compared).toBeGreaterThan(25);
});

test("the page tells of every route, and runs and loads nothing", async () => {
  const server = await startServer();
  const { paths } = (await ask(server, "/api/openapi.json")).json as { paths: Paths };
  const { text, headers } = await ask(server, "/api/docs");
  for (const path of Object.keys(paths)) expect(text).toContain(`<code>/api${path}</code>`);
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  expect(text).not.toMatch(/<script|<img|<link|\son\w+=|url\(/);
});
