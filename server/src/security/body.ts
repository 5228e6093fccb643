import { parseJson } from "@mezzotint/engine";
import express, { type Request, type RequestHandler } from "express";
import { messageOf } from "../failure.js";
import { HttpProblem } from "./problem.js";

/** More than any graph and any saved workflow; ComfyUI takes 100 MiB, pictures included. */
const BODY_LIMIT = 64 * 2 ** 20;
/** Values in a JSON body: each costs memory, however short it is. Of the largest graphs known, none has a tenth. */
export const MOST_VALUES = 2 ** 20;

/** Reads a body as text, whatever its type says: Python's urllib sends JSON as a form. At most 64 MiB, unpacked. */
export const textBody: RequestHandler = express.text({ type: () => true, limit: BODY_LIMIT, defaultCharset: "utf-8" });

/** The JSON of a body that `textBody` read; `{}` if there was none. */
function jsonBody({ body }: Request): unknown {
  const text: unknown = body;
  if (typeof text !== "string" || text.trim() === "") return {};
  try {
    return parseJson(text, { values: MOST_VALUES });
  } catch (cause) {
    throw new HttpProblem(400, "invalid_json", "The body is not JSON", { details: messageOf(cause), cause });
  }
}

/** Any JSON object, its keys unknown. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON object of a body; `{}` if there was none. */
export function recordBody(request: Request): JsonRecord {
  const value = jsonBody(request);
  if (isRecord(value)) return value;
  throw new HttpProblem(400, "invalid_json", "The body is not a JSON object");
}
