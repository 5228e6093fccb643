import { randomUUID } from "node:crypto";
import { type Prompt, stringifyJson } from "@mezzotint/engine";
import type { Finding } from "@mezzotint/engine/workflow";
import type { Request } from "express";
import { messageOf } from "../failure.js";
import type { JobSpec, JobSummary, WebhookSpec } from "../jobs/job.js";
import type { Added } from "../jobs/queue.js";
import { isRecord, type JsonRecord } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { definitionsOf } from "./definitions.js";
import type { Services } from "./services.js";
import { idFromKey, type Submission } from "./submission.js";
import { type Verdict, validate } from "./validate.js";

/** A client that meets a full queue may try again after so many seconds. */
const RETRY_AFTER = "5";

/** What a user asks to be run. */
export interface Asked extends Omit<Submission, "front"> {
  readonly user: string;
  readonly front?: boolean;
  /** Who is told when it is over. */
  readonly webhooks: readonly WebhookSpec[];
  /** What is done to a prompt before it is checked, e.g. named values filled in. */
  readonly change?: (prompt: Prompt, findings: readonly Finding[]) => Promise<Prompt>;
}

/** A job that is kept, and what was found on the way. */
export interface Submitted {
  readonly job: JobSummary;
  /** Whether it was there before: a request that was sent again. */
  readonly again: boolean;
  readonly node_errors: Verdict["node_errors"];
  readonly findings: readonly Finding[];
}

/** Converts, checks and keeps a job. Throws the answer for whatever is wrong with it; then nothing is kept. */
export async function submit(asked: Asked, services: Services): Promise<Submitted> {
  const { user, change } = asked;
  const { prompt: converted, findings } = await promptOf(asked, services);
  const prompt = (change ? await change(converted as Prompt, findings) : converted) as JsonRecord;
  const text = stringifyJson(prompt);
  const { targets, node_errors } = await validate(prompt, text, asked, services);
  const workflow = workflowOf(asked.extra);
  const spec: JobSpec = {
    id: asked.id ?? randomUUID(),
    user,
    ...(asked.client !== undefined && { client: asked.client }),
    prompt: text,
    extra: stringifyJson(asked.extra),
    targets,
    number: asked.number ?? (await services.queue.nextNumber(asked.front ?? false)),
    ...(workflow !== undefined && { workflow }),
    webhooks: asked.webhooks,
  };
  const added = accepted(await keep(spec, services));
  return { ...added, node_errors, findings };
}

/** The prompt to run. A saved workflow that cannot be converted whole is refused: what would run is not what was drawn. */
export async function promptOf(
  { source: { kind, value }, user }: Pick<Asked, "source" | "user">,
  services: Pick<Services, "pool">,
): Promise<{ readonly prompt: JsonRecord; readonly findings: readonly Finding[] }> {
  if (kind === "prompt") return { prompt: value, findings: [] };
  const convert = await import("../workflows/convert.js");
  const definitions = await definitionsOf(services, user);
  const { prompt, findings } = await convert
    .promptOf({ kind, saved: value, extra: {} }, definitions, "the body")
    .catch((cause: unknown): never => {
      throw new HttpProblem(400, "invalid_workflow", "This is no workflow", { details: messageOf(cause), cause });
    });
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return { prompt: prompt as Prompt & JsonRecord, findings };
  throw new HttpProblem(400, "workflow_not_convertible", "The workflow cannot be converted whole", {
    details: errors.map(({ message }) => message).join("\n"),
    extra_info: { findings },
  });
}

/** ComfyUI's editor gives each saved workflow an id, by which clients find its jobs. */
function workflowOf({ extra_pnginfo: info }: JsonRecord): string | undefined {
  const id = isRecord(info) && isRecord(info.workflow) ? info.workflow.id : undefined;
  return typeof id === "string" && /^[\w.:-]{1,128}$/.test(id) ? id : undefined;
}

/** The id of a job whose request carries an `Idempotency-Key`. */
export function idOf(request: Request, user: string): string | undefined {
  const key = keyFor(request);
  return key === undefined ? undefined : idFromKey(user, key);
}

/** A request's `Idempotency-Key`. */
export function keyFor(request: Request): string | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined || key === "") return undefined;
  if (key.length <= 255) return key;
  throw new HttpProblem(400, "invalid_idempotency_key", "The Idempotency-Key is longer than 255 characters");
}

async function keep(spec: JobSpec, { dispatcher }: Services): Promise<Added> {
  try {
    return await dispatcher.submit(spec);
  } catch (cause) {
    // Nothing was accepted, so the client may send it again.
    const full = isRecord(cause) && cause.diskFull === true;
    const [status, type] = full ? [507, "disk_full"] : [503, "database_unavailable"];
    const message = full ? "There is no room on the server's disk" : "The job cannot be kept safely now";
    throw new HttpProblem(status as number, type as string, message, { headers: { "Retry-After": "30" }, cause });
  }
}

function accepted(added: Added): Pick<Submitted, "job" | "again"> {
  switch (added.kind) {
    case "added":
    case "same":
      return { job: added.job, again: added.kind === "same" };
    case "taken":
      throw new HttpProblem(409, "prompt_id_taken", "Another job has this id", {
        details: "an id, or an Idempotency-Key, stands for one prompt",
      });
    case "full":
      throw new HttpProblem(429, "queue_full", "The queue is full", {
        details: `${added.queued} jobs wait`,
        headers: { "Retry-After": RETRY_AFTER },
      });
  }
}
