import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { ownVersion } from "../../extensions.js";
import { COOKIE } from "../../security/credentials.js";
import type { Answer, Operation, Route } from "../operation.js";

/** A document as OpenAPI 3.1 has it (https://spec.openapis.org/oas/v3.1.1). */
export type OpenApiDocument = ReturnType<typeof createDocument>;

const ABOUT = `Runs node graphs that make images. Routes in ComfyUI's names have its bodies and answers, so that clients made
for it work unchanged; they are there without \`/api\` too. Routes under \`/v2\` and \`/run\` are for new clients.

**Tokens.** A server that listens on loopback, and has no tokens, asks nobody. Otherwise each request brings a token
(\`mezzotint token create\`): as \`Authorization: Bearer\`, as the password of Basic, or once as \`?token=\` in a browser,
which gets a cookie for it. The scope of a route is the least that its token needs.

**WebSocket.** \`GET /ws?clientId=ID\` sends JSON messages \`{"type", "data"}\`: \`status\`, \`execution_start\`,
\`execution_cached\`, \`executing\` (\`node: null\` when the job is over), \`progress\`, \`progress_state\`, \`executed\`,
\`execution_success\`, \`execution_error\`, \`execution_interrupted\`. It hears of the jobs that were submitted with its
\`client_id\`. Binary messages are previews: four bytes for the kind (1: picture; 4: picture with JSON about it), then for
kind 1 four bytes for the format (1: JPEG, 2: PNG), all big-endian, then the picture.

**Errors** are \`{"error": {"type", "message", "details", "extra_info"}, "node_errors"}\`, whatever the route.`;

/** How every refusal and failure looks. */
const Problem = z
  .object({
    error: z.object({
      type: z.string().describe("For programs"),
      message: z.string().describe("For people"),
      details: z.string().describe("What was found, what was expected, and the way out"),
      extra_info: z.looseObject({}),
    }),
    node_errors: z.looseObject({}).describe("What is wrong with a prompt, by node id"),
  })
  .meta({ id: "Problem", description: "What is wrong with a request" });

const COMMON: Readonly<Record<number, string>> = {
  400: "The request cannot be read, or a value in it cannot be used",
  401: "A token is needed, or the one that was sent is not valid",
  403: "The token's scope does not allow this, or the request is from a page of another site",
  429: "Too many requests came with this token; `Retry-After` says when to try again",
  500: "The server failed; its log says why",
};

/** Describes routes, as clients find them under `/api`. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { operation } of routes) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method]: described(operation) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Mezzotint",
      version: ownVersion(),
      description: ABOUT,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/api" }],
    tags: [...new Set(routes.map(({ operation }) => operation.tag))].map((name) => ({ name })),
    paths: paths as ZodOpenApiPathsObject,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic", description: "The token is the password; the name does not matter" },
        cookie: { type: "apiKey", in: "cookie", name: COOKIE, description: "What a browser got for `?token=`" },
      },
    },
  });
}

function described(operation: Operation): ZodOpenApiOperationObject {
  const { method, path, scope, summary, description, tag, query, body, answers } = operation;
  const params = paramsOf(operation);
  const common = scope === "public" ? { 500: COMMON[500]! } : COMMON;
  const all: Record<number, Answer> = {
    ...Object.fromEntries(Object.entries(common).map(([status, text]) => [status, { description: text }])),
    ...answers,
  };
  return {
    operationId: [method, ...path.split(/\W+/).filter(Boolean)].join("_"),
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    security: scope === "public" ? [] : [{ bearer: [scope] }, { basic: [scope] }, { cookie: [scope] }],
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { content: { [body.type ?? "application/json"]: { schema: body.schema } } } }),
    responses: Object.fromEntries(
      Object.entries(all).map(([status, answer]) => [status, told(Number(status), answer)]),
    ),
  };
}

/** Parameters of a path that an operation says nothing of are texts. */
function paramsOf({ path, params }: Operation): z.ZodObject | undefined {
  const names = Array.from(path.matchAll(/:(\w+)/g), ([, name]) => name as string);
  if (names.length === 0) return undefined;
  return z.object(Object.fromEntries(names.map((name) => [name, params?.shape[name] ?? z.string()])));
}

function told(status: number, { description, content }: Answer) {
  const shown = content ?? (status >= 400 ? { schema: Problem } : undefined);
  return { description, ...(shown && { content: { [shown.type ?? "application/json"]: { schema: shown.schema } } }) };
}
