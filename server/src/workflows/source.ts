import { type Prompt, parseJson } from "@mezzotint/engine";
import { core } from "../builtin.js";
import { Failure, messageOf } from "../failure.js";
import { readBytes } from "./file.js";

/** What a file holds: an API prompt, ready to be planned, or a workflow as an editor saves it. */
export type Source = (
  | { readonly kind: "prompt"; readonly prompt: Prompt }
  | { readonly kind: "saved"; readonly saved: Readonly<Record<string, unknown>> }
) & {
  readonly extra: Extra;
  /** The block that declares what callers may set, if the file has one; not read yet. See parameters.ts. */
  readonly inputs?: unknown;
};

/** What pictures should hold besides the prompt; ComfyUI's `extra_pnginfo`. */
type Extra = Readonly<Record<string, unknown>>;

/** Which of a picture's two: the prompt that made it, or the workflow that an editor can open. */
export type Preference = "prompt" | "workflow";

/** Whether a value is a JSON object. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseText(text: string, name: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new Failure(`${name} is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** Python writes numbers into pictures that JSON does not have. Outside of strings they become null. */
function withoutNaN(text: string): string {
  if (!/NaN|Infinity/.test(text)) return text;
  let quoted = false;
  return text.replaceAll(/\\.|"|-?\b(?:NaN|Infinity)\b/gs, (token) => {
    if (token === '"') quoted = !quoted;
    return quoted || token === '"' || token.startsWith("\\") ? token : "null";
  });
}

/** The body of ComfyUI's `POST /prompt`, with the prompt inside; perhaps an `inputs` block beside it. */
const isSubmission = (
  value: Readonly<Record<string, unknown>>,
): value is { prompt: Prompt; extra_data?: unknown; inputs?: unknown } =>
  isRecord(value.prompt) && !("class_type" in value.prompt) && Object.keys(value).every((key) => SUBMITTED.has(key));

const SUBMITTED = new Set([
  "prompt",
  "client_id",
  "prompt_id",
  "extra_data",
  "number",
  "front",
  "partial_execution_targets",
  "inputs",
]);

/** A prompt whose `inputs` block stands among its nodes: no node call looks like it. */
function withoutBlock(prompt: Readonly<Record<string, unknown>>): { prompt: Prompt; inputs?: unknown } {
  const { inputs, ...nodes } = prompt;
  return isRecord(inputs) && !("class_type" in inputs)
    ? { prompt: nodes as Prompt, inputs }
    : { prompt: prompt as Prompt };
}

/** The block of a saved workflow: an editor that saves it again keeps what is under `extra`. */
function savedBlock({ inputs, extra }: Readonly<Record<string, unknown>>): { inputs?: unknown } {
  const block = inputs ?? (isRecord(extra) && isRecord(extra.mezzotint) ? extra.mezzotint.inputs : undefined);
  return block === undefined ? {} : { inputs: block };
}

/** Tells what a JSON value is. `name` is the file's, for what is neither. Throws a `Failure`. */
function toSource(value: unknown, name: string, extra: Extra = {}): Source {
  if (!isRecord(value))
    throw new Failure(`${name} is not a workflow: it holds ${describe(value)} where an object of nodes was expected`);
  if (Array.isArray(value.nodes))
    return { kind: "saved", saved: value, extra: { ...extra, workflow: value }, ...savedBlock(value) };
  if (!isSubmission(value)) return { kind: "prompt", extra, ...withoutBlock(value) };
  const asked = isRecord(value.extra_data) ? value.extra_data.extra_pnginfo : undefined;
  const block = value.inputs === undefined ? {} : { inputs: value.inputs };
  return { kind: "prompt", prompt: value.prompt, extra: { ...extra, ...(isRecord(asked) && asked) }, ...block };
}

/** Reads the JSON text of a workflow, in any of its forms. `name` is for errors. Throws a `Failure`. */
export const sourceOfText = (text: string, name: string): Source => toSource(parseText(text, name), name);

const describe = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;

/** What a picture holds. Without the one that is preferred the other will do. */
function fromPicture(texts: ReadonlyMap<string, string>, name: string, prefer: Preference): Source {
  const other = prefer === "prompt" ? "workflow" : "prompt";
  const key = texts.has(prefer) ? prefer : other;
  const text = texts.get(key);
  if (text === undefined) {
    const found = texts.size === 0 ? "no text at all" : `only ${[...texts.keys()].slice(0, 5).join(", ")}`;
    const out = "many sites and image editors remove it: use the file as it was first saved, or the workflow's JSON";
    throw new Failure(`${name} is a picture without a workflow: it holds ${found} (${out})`);
  }
  try {
    const place = `the ${key} in ${name}`;
    return toSource(parseText(withoutNaN(text), place), place, key === "workflow" ? {} : savedBeside(texts));
  } catch (cause) {
    if (key === other || !texts.has(other)) throw cause;
    throw new Failure(`${messageOf(cause)}; --embedded ${other} takes its ${other} instead`, { cause });
  }
}

/** The saved workflow in a picture whose prompt is used: pictures made from it should hold it too, unless it is broken. */
function savedBeside(texts: ReadonlyMap<string, string>): Extra {
  try {
    return { workflow: parseText(withoutNaN(texts.get("workflow") ?? ""), "") };
  } catch {
    return {};
  }
}

/**
 * Reads a workflow in any of its forms: API JSON, an editor's saved file, or a PNG or WebP that holds either. `-` is
 * standard input. Of a picture's two, `prefer` says which. Throws a `Failure` for anything else.
 */
export async function readSource(path: string, prefer: Preference): Promise<Source> {
  const name = path === "-" ? "standard input" : path;
  const bytes = await readBytes(path);
  if (bytes.length === 0) throw new Failure(`${name} is empty: a workflow is JSON`);
  if (isPicture(bytes)) return fromPicture((await core()).readPictureText(bytes), name, prefer);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Failure(`${name} is not a text file: a workflow is JSON in UTF-8, or a PNG or WebP that holds one`, {
      cause,
    });
  }
  if (text.trim() === "") throw new Failure(`${name} is empty: a workflow is JSON`);
  return toSource(parseText(text, name), name);
}

/** By its first bytes, so that reading JSON need not wait for what reads pictures. */
const isPicture = (bytes: Buffer): boolean => /^(?:\x89PNG|RIFF.{4}WEBP)/s.test(bytes.toString("latin1", 0, 12));
