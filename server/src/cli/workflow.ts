import { type Prompt, parseJson } from "@mezzotint/engine";
import { Failure, messageOf } from "../failure.js";
import { readWorkflow } from "../workflow-file.js";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a workflow in API format from a file, or from standard input for `-`. What is inside is checked by planning. */
export async function loadWorkflow(path: string): Promise<Prompt> {
  const name = path === "-" ? "standard input" : path;
  const text = await readWorkflow(path);
  if (text.trim() === "") throw new Failure(`${name} is empty: a workflow is JSON in API format`);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new Failure(`${name} is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (!isRecord(value))
    throw new Failure(`${name} is not a workflow: it holds ${describe(value)} where an object of nodes was expected`);
  if (Array.isArray(value.nodes) && Array.isArray(value.links)) {
    throw new Failure(
      `${name} is a workflow in the editor's format; save it with "Export (API)" in the editor, and run that file`,
    );
  }
  return (isSubmission(value) ? value.prompt : value) as Prompt;
}

/** The body of ComfyUI's `POST /prompt`, with the prompt inside. */
const isSubmission = (value: Record<string, unknown>): value is { prompt: Record<string, unknown> } =>
  isRecord(value.prompt) && !("class_type" in value.prompt) && Object.keys(value).every((key) => SUBMITTED.has(key));

const SUBMITTED = new Set([
  "prompt",
  "client_id",
  "prompt_id",
  "extra_data",
  "number",
  "front",
  "partial_execution_targets",
]);

const describe = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
