import { createHash } from "node:crypto";
import type { OpenApiDocument } from "./document.js";
import { type Schema, shapeOf } from "./shape.js";
import { STYLE } from "./style.js";

/** The page needs its own style and nothing else. */
export const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** An operation of the document. */
interface Described {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => `&#${found.codePointAt(0)};`);

/** Of Markdown, what our own texts use: paragraphs, `code` and **bold**. */
const prose = (text: string): string =>
  text
    .split(/\n\n+/)
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join("\n");

const inline = (text: string): string =>
  escaped(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>");

/** A document as a page. `server`: the address by which the reader knows this server. */
export function page(document: OpenApiDocument, server: string): string {
  const operations = operationsOf(document);
  const tags = (document.tags ?? []).map(({ name }) => name);
  const of = (tag: string) => operations.filter((operation) => operation.tags.includes(tag));
  const { title, version, description = "" } = document.info;
  const schemas = (document.components?.schemas ?? {}) as Readonly<Record<string, Schema>>;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API</title>
<style>${STYLE}</style>
<nav aria-label="Routes">
<a href="#top"><b>${title} API</b></a>
${tags.map((tag) => `<strong>${escaped(tag)}</strong>\n${of(tag).map(linkTo).join("\n")}`).join("\n")}
</nav>
<main id="top">
<h1>${title} API</h1>
<p class="dim">Version ${escaped(version)} · <a href="/api/openapi.json">openapi.json</a></p>
${prose(description)}
${tags
  .map(
    (tag) =>
      `<h2>${escaped(tag)}</h2>\n${of(tag)
        .map((one) => article(one, server))
        .join("\n")}`,
  )
  .join("\n")}
<h2>Shared shapes</h2>
${Object.entries(schemas).map(sharedShape).join("\n")}
</main>
</html>
`;
}

function operationsOf({ paths = {} }: OpenApiDocument): readonly Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, object>).map(([method, rest]) => ({ ...rest, method, path }) as Described),
  );
}

const badge = (method: string): string => `<span class="method ${method}">${method}</span>`;

const linkTo = ({ method, path, operationId, summary }: Described): string =>
  `<a href="#${operationId}" title="${escaped(summary)}">${badge(method)}<span>${escaped(path)}</span></a>`;

function article(operation: Described, server: string): string {
  const {
    method,
    path,
    operationId,
    summary,
    description,
    security,
    parameters = [],
    requestBody,
    responses,
  } = operation;
  const scope = Object.values(security[0] ?? {})[0]?.[0];
  return `<article id="${operationId}">
<header>${badge(method)}<code>${escaped(`/api${path}`)}</code><span class="scope">${scope ?? "no token"}</span></header>
<h3>${inline(summary)}</h3>
${description === undefined ? "" : prose(description)}
${parameters.length === 0 ? "" : `<h4>Parameters</h4><dl>${parameters.map(parameter).join("")}</dl>`}
${requestBody === undefined ? "" : `<h4>Body</h4>${contents(requestBody.content)}`}
<h4>Answers</h4><dl>${Object.entries(responses).filter(isOwn).map(answer).join("")}</dl>
<h4>Example</h4><pre><code>${escaped(example(operation, server))}</code></pre>
</article>`;
}

/** What every route may answer is said once, above. */
const isOwn = ([status, { description }]: [string, { readonly description: string }]): boolean =>
  !["401", "403", "429", "500"].includes(status) || description.includes("queue");

function parameter({ name, in: where, required = false, description, schema }: Parameter): string {
  const said = description ?? schema.description;
  const byDefault =
    schema.default === undefined || schema.default === "" ? "" : `, ${JSON.stringify(schema.default)} unless given`;
  const note = `${where}${required && where !== "path" ? ", required" : ""}${byDefault}`;
  return `<dt>${escaped(name)} <small>${escaped(note)}</small></dt><dd><code>${escaped(shapeOf(schema))}</code> ${said === undefined ? "" : inline(said)}</dd>`;
}

function answer([status, { description, content }]: [
  string,
  { readonly description: string; readonly content?: Content },
]): string {
  const shown = Number(status) < 400 && content ? contents(content) : "";
  return `<dt>${status}</dt><dd>${inline(description)}${shown}</dd>`;
}

function contents(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema = {} }]) => {
      const shape = shapeOf(schema);
      const note = schema.description === undefined ? "" : ` <span class="dim">${inline(schema.description)}</span>`;
      const of = type === "application/json" ? "" : `<code>${escaped(type)}</code>`;
      return shape === "any" ? `<p>${of}${note}</p>` : `<p>${of}${note}</p><pre><code>${escaped(shape)}</code></pre>`;
    })
    .join("\n");
}

const sharedShape = ([name, schema]: [string, Schema]): string =>
  `<article id="shape-${escaped(name)}"><h3>${escaped(name)}</h3>${schema.description === undefined ? "" : prose(schema.description)}<pre><code>${escaped(shapeOf(schema))}</code></pre></article>`;

/** How to ask with curl. */
function example({ method, path, requestBody, security }: Described, server: string): string {
  const url = `${server}/api${path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`;
  const [type] = Object.keys(requestBody?.content ?? {});
  const parts = [
    "curl",
    ...(method === "get" || (method === "post" && type !== undefined) ? [] : [`-X ${method.toUpperCase()}`]),
    ...(security.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...(type === "application/json" ? ["--json @body.json"] : []),
    ...(type === "multipart/form-data" ? ["-F image=@picture.png"] : []),
    ...(type === "application/octet-stream" ? ["--data-binary @file"] : []),
    url,
  ];
  return parts.join(" ");
}
