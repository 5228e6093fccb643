import type { RequestHandler } from "express";
import helmet from "helmet";

const NONE = ["'none'"];
const SELF = ["'self'"];

/** Answers are data: nothing in them may run, load or be framed. */
const STRICT = { defaultSrc: NONE, frameAncestors: NONE, baseUri: NONE, formAction: NONE };

/**
 * What a built editor needs, tried with ComfyUI's 1.58.1: its own scripts, the inline ones of its page by their hashes,
 * WebAssembly, workers and pictures made from blobs. Whatever it would load from elsewhere, or report there, stays shut.
 */
const editor = (scripts: readonly string[]) => ({
  defaultSrc: SELF,
  scriptSrc: [...SELF, "'wasm-unsafe-eval'", ...scripts.map((hash) => `'${hash}'`)],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:", "blob:"],
  mediaSrc: ["'self'", "data:", "blob:"],
  fontSrc: ["'self'", "data:"],
  connectSrc: ["'self'", "data:", "blob:"],
  workerSrc: ["'self'", "blob:"],
  objectSrc: NONE,
  frameAncestors: SELF,
  baseUri: SELF,
  formAction: SELF,
});

/**
 * Security headers of every answer (https://owasp.org/www-project-secure-headers): no sniffing of types, no frames of
 * strangers, no referrer, nothing that other sites may embed. `scripts`: hashes of an editor's inline scripts, such as
 * `sha256-…`; absent where no editor is served.
 */
export const responseHeaders = (scripts: readonly string[] | undefined): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: scripts ? editor(scripts) : STRICT },
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: scripts ? "sameorigin" : "deny" },
    // Plain HTTP on loopback: there is nothing to insist on.
    strictTransportSecurity: false,
  });
