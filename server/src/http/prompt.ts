import { randomUUID } from "node:crypto";
import { type Prompt, stringifyJson } from "@mezzotint/engine";
import type { Finding } from "@mezzotint/engine/workflow";
import { type Request, Router } from "express";
import { messageOf } from "../failure.js";
import type { JobSpec } from "../jobs/job.js";
import type { Added } from "../jobs/queue.js";
import { isRecord, type JsonRecord, recordBody, textBody } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { definitionsOf } from "./definitions.js";
import type { Services } from "./services.js";
import { idFromKey, readSubmission, type Submission } from "./submission.js";
import { validate } from "./validate.js";

/** A client that meets a full queue may try again after so many seconds. */
const RETRY_AFTER = "5";

/** `/prompt`: submits a job, or says how many there are. */
export function promptRoutes(services: Services): Router {
  const { dispatcher } = services;
  return Router()
    .get("/prompt", (_request, response) => {
      const { queued, running } = dispatcher.counts();
      response.json({ exec_info: { queue_remaining: queued + running } });
    })
    .post("/prompt", textBody, async (request, response) => {
      response.type("json").send(stringifyJson(await submit(request, services)));
    });
}

async function submit(request: Request, services: Services): Promise<object> {
  const { queue, userOf } = services;
  const user = userOf(request);
  const submission = readSubmission(recordBody(request));
  const { prompt, findings } = await promptOf(submission, services);
  const text = stringifyJson(prompt);
  const { targets, node_errors } = await validate(prompt, text, submission.targets, services);
  const workflow = workflowOf(submission.extra);
  const spec: JobSpec = {
    id: submission.id ?? idOf(request, user) ?? randomUUID(),
    user,
    ...(submission.client !== undefined && { client: submission.client }),
    prompt: text,
    extra: stringifyJson(submission.extra),
    targets,
    number: submission.number ?? (await queue.nextNumber(submission.front)),
    ...(workflow !== undefined && { workflow }),
  };
  const { id, number } = accepted(await keep(spec, services));
  return { prompt_id: id, number, node_errors, ...(findings.length > 0 && { findings }) };
}

/** The prompt to run. A saved workflow that cannot be converted whole is refused: what would run is not what was drawn. */
async function promptOf(
  { source: { kind, value } }: Submission,
  services: Services,
): Promise<{ readonly prompt: JsonRecord; readonly findings: readonly Finding[] }> {
  if (kind === "prompt") return { prompt: value, findings: [] };
  const convert = await import("../workflows/convert.js");
  const definitions = await definitionsOf(services);
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

function idOf(request: Request, user: string): string | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined || key === "") return undefined;
  if (key.length <= 255) return idFromKey(user, key);
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

function accepted(added: Added): { readonly id: string; readonly number: number } {
  switch (added.kind) {
    case "added":
    case "same":
      return added.job;
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
