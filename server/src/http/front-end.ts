import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import express, { Router } from "express";
import { ownVersion } from "../extensions.js";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
pre { padding: .75rem 1rem; overflow: auto; background: #8882; border-radius: .4rem; }
`;

/** `server`: the address by which the reader knows this server. */
const page = (server: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mezzotint</title>
<style>${STYLE}</style>
<h1>Mezzotint ${ownVersion()}</h1>
<p>This server runs node graphs that make images. It speaks ComfyUI's protocol: point an API script, an SDK or a plugin
made for ComfyUI at this address.</p>
<h2>Run a workflow</h2>
<p>Submit a workflow as an editor saves it (or <code>{"prompt": …}</code> in API form), and ask what it made:</p>
<pre>echo "{\\"workflow\\": $(cat workflow.json)}" | curl --data-binary @- ${server}/prompt
curl "${server}/history?max_items=1"
curl -o picture.png "${server}/view?filename=NAME&amp;type=output"</pre>
<h2>Draw one</h2>
<p>Start the server with <code>--front-end-root DIR</code> to use ComfyUI's own editor, where DIR is the
<code>static</code> folder of the Python package <code>comfyui-frontend-package</code>.</p>
<h2>Look around</h2>
<ul>
<li><a href="/api/docs">/api/docs</a>: every route</li>
<li><a href="/queue">/queue</a>: what runs and what waits</li>
<li><a href="/history?max_items=20">/history</a>: what ran</li>
<li><a href="/object_info">/object_info</a>: every node</li>
<li><a href="/models/checkpoints">/models/checkpoints</a>: models that were found</li>
<li><a href="/system_stats">/system_stats</a>, <a href="/ready">/ready</a>: how the server does</li>
</ul>
</html>
`;

/** A text's hash, as a Content-Security-Policy names scripts and styles. */
const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** Hashes of the inline scripts on an editor's page: these, and no others, may run. */
export function inlineScripts(root: string): readonly string[] {
  const html = readFileSync(join(root, "index.html"), "utf8").replaceAll("\r\n", "\n");
  return Array.from(html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>(.*?)<\/script>/gis), ([, script = ""]) =>
    hashOf(script),
  );
}

/**
 * Files that ComfyUI's server adds to its editor, and that the editor complains about where they are missing: its
 * templates are packages of their own, and a user's style sheet is empty until there is one.
 */
const BESIDE_EDITOR: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/templates/index.json": ["json", "[]"],
  "/templates/index_logo.json": ["json", "{}"],
  "/user.css": ["css", ""],
};

/**
 * What `/` shows: the files of a built editor, or a page that says what this is. Nothing else stands in for what is
 * missing, so that a client that asks for a route which does not exist never gets a page.
 */
export function frontEnd(root: string | undefined): Router {
  if (root !== undefined) return editorIn(root);
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
  return Router().get("/", ({ headers }, response) => {
    response
      .setHeader("Content-Security-Policy", policy)
      .type("html")
      .send(page(`http://${headers.host}`));
  });
}

function editorIn(root: string): Router {
  const router = Router().use(express.static(root, { redirect: false }));
  for (const [path, [type, text]] of Object.entries(BESIDE_EDITOR))
    router.get(path, (_request, response) => void response.type(type).send(text));
  return router;
}
