import type { RequestHandler } from "express";
import { isRecord } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { asRefusal } from "../files/refusal.js";

/** What Comfy API v2 calls a prompt that cannot run, and our types for it. */
const INVALID: ReadonlySet<string> = new Set([
  "no_prompt",
  "invalid_workflow",
  "workflow_not_convertible",
  "missing_node_type",
  "prompt_no_outputs",
  "prompt_outputs_failed_validation",
  "invalid_prompt",
  "prompt_too_large",
]);

/** Turns a refusal of ours into Comfy API v2's terms: 422 with its codes, nodes' errors in its shape. */
function inV2(error: unknown): unknown {
  if (!(error instanceof HttpProblem)) return error;
  const { type, message, details, extra_info } = error.body;
  const { headers, cause } = error;
  if (type === "prompt_id_taken")
    return new HttpProblem(422, "idempotency_key_reuse", "This Idempotency-Key was used for another request");
  if (!INVALID.has(type)) return error;
  const node_errors = Object.fromEntries(
    Object.entries(error.nodeErrors).map(([id, found]) => [id, isRecord(found) ? reasonsOf(found) : []]),
  );
  return new HttpProblem(422, "invalid_workflow", message, { details, extra_info, node_errors, headers, cause });
}

const reasonsOf = ({ errors }: Readonly<Record<string, unknown>>): readonly object[] =>
  (Array.isArray(errors) ? errors : []).filter(isRecord).map(({ type, message, details, extra_info: extra }) => ({
    field: isRecord(extra) && typeof extra.input_name === "string" ? extra.input_name : null,
    reason: type,
    message: typeof details === "string" && details !== "" ? details : message,
  }));

/** A handler whose refusals are in Comfy API v2's terms. */
export const v2 =
  <P>(handler: (...args: Parameters<RequestHandler<P>>) => Promise<void>): RequestHandler<P> =>
  async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      throw inV2(asRefusal(error) ?? error);
    }
  };

/** What cannot be found, or is somebody else's: nobody learns which. */
export const notFound = (what: string): HttpProblem => new HttpProblem(404, "not_found", `There is no such ${what}`);
