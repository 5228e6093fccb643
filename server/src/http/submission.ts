import { createHash } from "node:crypto";
import { z } from "zod";
import { isPromptId } from "../protocol/prompt-id.js";
import { isRecord, type JsonRecord } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { uuidOf } from "../uuid.js";

const MAX_TARGETS = 10_000;

const AnyObject = z.looseObject({});

/** The body of `POST /prompt`, as clients send it. `readSubmission` reads it, and says what is wrong in ComfyUI's words. */
export const SubmissionBody = z.looseObject({
  prompt: AnyObject.optional().describe("Node calls by id, in API form"),
  workflow: AnyObject.optional().describe("A workflow as an editor saves it, in place of `prompt`"),
  prompt_id: z.string().optional().describe("The job's id, a UUID in lower case, when the client chooses it"),
  client_id: z.string().max(128).optional().describe("Whose WebSocket hears of the job"),
  extra_data: AnyObject.optional().describe(
    "`extra_pnginfo.workflow` is written into pictures; `webhook` is told when the job is over",
  ),
  partial_execution_targets: z.array(z.string()).max(MAX_TARGETS).optional().describe("Run only what these nodes need"),
  number: z.number().optional().describe("Smaller numbers run earlier"),
  front: z.boolean().optional().describe("Before all that waits"),
});

/** The body of `POST /prompt`, read. */
export interface Submission {
  /** A prompt in API form, not yet checked, or a workflow as an editor saves it. */
  readonly source: { readonly kind: "prompt" | "saved"; readonly value: JsonRecord };
  /** The client's own id for the job. */
  readonly id?: string;
  readonly client?: string;
  /** ComfyUI's `extra_data` without secrets. */
  readonly extra: JsonRecord;
  readonly targets?: readonly string[];
  readonly number?: number;
  readonly front: boolean;
  /** `extra_data.webhook`, not yet read: who is told when the job is over. It holds a secret, so it is not in `extra`. */
  readonly webhook?: unknown;
}

/** What ComfyUI's own paid nodes need of a client. Nobody here does, so it is dropped at the door. */
const SECRETS = ["auth_token_comfy_org", "api_key_comfy_org"];

/** Read apart: it may hold a secret. */
const WEBHOOK = "webhook";

const invalid = (what: string, details: string): HttpProblem =>
  new HttpProblem(400, "invalid_request", `${what} cannot be used`, { details });

/** Reads a body. Throws what is wrong with it, as an answer. */
export function readSubmission(body: JsonRecord): Submission {
  const source = readSource(body);
  const { id, client } = { id: readId(body.prompt_id), client: readClient(body.client_id) };
  const targets = readTargets(body.partial_execution_targets);
  const number = readNumber(body.number);
  return {
    source,
    ...(id !== undefined && { id }),
    ...(client !== undefined && { client }),
    extra: readExtra(body.extra_data, source),
    ...(targets !== undefined && { targets }),
    ...(number !== undefined && { number }),
    front: body.front === true,
    ...(isRecord(body.extra_data) && WEBHOOK in body.extra_data && { webhook: body.extra_data[WEBHOOK] }),
  };
}

const isSaved = (value: unknown): value is JsonRecord => isRecord(value) && Array.isArray(value.nodes);

function readSource({ prompt, workflow }: JsonRecord): Submission["source"] {
  const value = prompt ?? workflow;
  if (isSaved(value)) return { kind: "saved", value };
  if (isRecord(value)) return { kind: "prompt", value };
  const details = 'send {"prompt": …} in API form, or {"workflow": …} as an editor saves it';
  throw new HttpProblem(400, "no_prompt", "No prompt provided", { details });
}

function readId(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  if (isPromptId(id)) return id;
  throw new HttpProblem(400, "invalid_prompt_id", "The prompt_id is not valid", {
    details: "prompt_id is a UUID in lower case, e.g. 0b9cbd14-9a4c-4f0e-9d7c-2b1c5e6f7a80",
  });
}

function readClient(client: unknown): string | undefined {
  if (client === undefined || client === null || client === "") return undefined;
  if (typeof client === "string" && client.length <= 128 && !client.includes("\0") && !/\p{Surrogate}/u.test(client))
    return client;
  throw invalid("The client_id", "it is a text of at most 128 characters");
}

function readTargets(targets: unknown): readonly string[] | undefined {
  if (targets === undefined || targets === null) return undefined;
  if (Array.isArray(targets) && targets.length <= MAX_TARGETS && targets.every((id) => typeof id === "string"))
    return targets;
  throw invalid("The partial_execution_targets", `they are a list of at most ${MAX_TARGETS} node ids`);
}

function readNumber(number: unknown): number | undefined {
  if (number === undefined || number === null) return undefined;
  const value = typeof number === "string" && number.trim() !== "" ? Number(number) : number;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalid("The number", "it is a number; smaller ones run earlier");
}

/** Pictures made from a saved workflow hold it, as if the editor had sent both. */
function readExtra(extra: unknown, { kind, value }: Submission["source"]): JsonRecord {
  if (extra !== undefined && extra !== null && !isRecord(extra)) throw invalid("The extra_data", "it is an object");
  const kept = Object.fromEntries(
    Object.entries(extra ?? {}).filter(([name]) => name !== WEBHOOK && !SECRETS.includes(name)),
  );
  if (kind === "prompt") return kept;
  const info = isRecord(kept.extra_pnginfo) ? kept.extra_pnginfo : {};
  return { ...kept, extra_pnginfo: { workflow: value, ...info } };
}

/**
 * A job's id out of a client's `Idempotency-Key`, so that a request that is sent again finds its job. As with an id of
 * the client's own, the same key with another prompt is a conflict.
 */
export function idFromKey(user: string, key: string): string {
  return uuidOf(
    createHash("sha256")
      .update(JSON.stringify([user, key]))
      .digest(),
  );
}
