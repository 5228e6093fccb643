import { stringifyJson } from "@mezzotint/engine";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { HttpProblem } from "./problem.js";

/** Tells what no client may see. */
export type Report = (error: unknown, place: { readonly method: string; readonly path: string }) => void;

/** Where clients of Comfy API v2 ask; `/v2/userdata` is ComfyUI's own. */
const COMFY_V2 = /^\/api\/v2\/(?:jobs|assets)(?:[/?]|$)/;

/** A problem in Comfy API v2's envelope: what ComfyUI tells in several places stands under `details`. */
function enveloped({ body, nodeErrors }: HttpProblem): object {
  const { type: code, message, details: reason, extra_info } = body;
  const hasNodes = Object.keys(nodeErrors).length > 0;
  const details = { ...extra_info, ...(hasNodes && { node_errors: nodeErrors }) };
  const whole = reason === "" ? message : `${message}: ${reason}`;
  return { error: { code, message: whole, details: Object.keys(details).length > 0 ? details : null } };
}

/** Answers with a problem in ComfyUI's shape, or in Comfy API v2's to who asked there. */
function answer(response: Response, problem: HttpProblem): void {
  const { status, body, nodeErrors, headers } = problem;
  const isV2 = COMFY_V2.test(response.req.originalUrl);
  response
    .status(status)
    .set(headers)
    .type("json")
    .send(stringifyJson(isV2 ? enveloped(problem) : { error: body, node_errors: nodeErrors }));
}

/** Errors of express and its parsers that are the client's doing carry a status and a type. */
interface HttpError {
  readonly status: number;
  readonly type?: unknown;
}

const isHttpError = (error: unknown): error is HttpError =>
  typeof error === "object" &&
  error !== null &&
  "status" in error &&
  typeof error.status === "number" &&
  error.status >= 400 &&
  error.status < 500;

/** What those errors mean, in sentences that repeat nothing of the request. */
const SENTENCES: Readonly<Record<number, string>> = {
  400: "The request cannot be read",
  403: "This is not served",
  404: "There is nothing here",
  405: "This cannot be done here",
  412: "It is not as the request expects",
  413: "The body is too large",
  415: "The body is encoded in a way that is not known here",
  416: "There is no such range",
  431: "The headers are too large",
};

function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (isHttpError(error)) {
    const type = typeof error.type === "string" ? error.type.replaceAll(".", "_") : "bad_request";
    return new HttpProblem(error.status, type, SENTENCES[error.status] ?? "The request is refused");
  }
  return new HttpProblem(500, "internal_error", "The server failed to answer", { details: "its log says why" });
}

/** For whatever no route answered: JSON, never a page, as clients parse what arrives. */
export const nothingHere: RequestHandler = ({ method }, response) => {
  const details = `no ${/^[A-Z]{3,7}$/.test(method) ? method : ""} route has this path`;
  answer(response, new HttpProblem(404, "not_found", "There is nothing here", { details }));
};

/** Turns whatever was thrown into an answer. Stacks and messages of our own failures go to the log alone. */
export const onError =
  (report: Report): ErrorRequestHandler =>
  (error: unknown, { method, path }, response, _next) => {
    const problem = problemOf(error);
    if (problem.status >= 500) report(problem.cause ?? error, { method, path });
    // An answer that has begun cannot be taken back: cutting it off is how the client learns.
    if (response.headersSent) response.destroy();
    else answer(response, problem);
  };
