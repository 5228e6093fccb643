import { parseJson } from "@mezzotint/engine";
import type { Asset } from "../../assets/asset.js";
import type { Attempt, JobStatus, JobSummary } from "../../jobs/job.js";
import type { Progress } from "../../jobs/progress.js";
import { isRecord } from "../../security/body.js";
import type { WebhookState } from "../../webhooks/webhook.js";
import type { V2Asset, V2Job, V2Output, V2Progress } from "./bodies.js";
import type { JobOutput } from "./job-outputs.js";
import type { Labels } from "./labels.js";

/** What never expires, for clients that ask when. */
const NEVER = "9999-12-31T23:59:59.000Z";

const STATUS: Readonly<Record<JobStatus, V2Job["status"]>> = {
  queued: "queued",
  running: "running",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "canceled",
};

/** Our names for some of Comfy API v2's; undefined when one is none of them. */
export function statusesOf(names: readonly string[]): readonly JobStatus[] | undefined {
  const ours = Object.entries(STATUS) as readonly (readonly [JobStatus, string])[];
  const found = names.map((name) => ours.find(([, theirs]) => theirs === name)?.[0]);
  return found.includes(undefined) ? undefined : (found as readonly JobStatus[]);
}

const time = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : time(ms));

/** What is known of a job besides its record. */
export interface AroundJob {
  readonly origin: string;
  readonly outputs: readonly JobOutput[];
  readonly progress?: Progress | undefined;
  readonly cancelling?: boolean;
  readonly position?: number | undefined;
  readonly attempts?: readonly Attempt[];
  readonly webhooks?: readonly WebhookState[];
  readonly metadata?: Labels;
}

/** A job as Comfy API v2 tells it. */
export function jobView(job: JobSummary, around: AroundJob): V2Job {
  const { id, status, createdAt, startedAt, endedAt } = job;
  const { progress, attempts, webhooks, metadata } = around;
  const self = `/api/v2/jobs/${id}`;
  return {
    id,
    status: status === "running" && around.cancelling ? "canceling" : STATUS[status],
    created_at: time(createdAt),
    started_at: timeOrNull(startedAt),
    completed_at: timeOrNull(endedAt),
    create_time: time(createdAt),
    update_time: time(endedAt ?? startedAt ?? createdAt),
    expires_at: NEVER,
    queue_position: around.position ?? null,
    progress: progress ? progressView(progress) : null,
    outputs: around.outputs.map((output) => outputView(output, around.origin)),
    error: job.error === undefined ? null : errorView(job.error),
    metrics: {
      queue_ms: startedAt === undefined ? null : Math.max(0, startedAt - createdAt),
      execution_ms: startedAt === undefined || endedAt === undefined ? null : Math.max(0, endedAt - startedAt),
    },
    urls: { self, events: `${self}/events`, cancel: `${self}/cancel`, workflow: `${self}/workflow` },
    priority: job.number,
    ...(metadata && { metadata }),
    ...(attempts && { attempts: attempts.map(attemptView) }),
    ...(webhooks && { webhooks: webhooks.map(webhookView) }),
  };
}

/** How far a job is. */
export function progressView({ value, done, total, current }: Progress): V2Progress {
  const counted = current !== undefined && current.steps > 1;
  return {
    value,
    nodes_done: done,
    nodes_total: total,
    current_node: current?.node ?? null,
    current_node_class: current?.classType ?? null,
    step: counted ? current.step : null,
    steps: counted ? current.steps : null,
    message: current ? `${current.classType}${counted ? ` ${current.step}/${current.steps}` : ""}` : null,
  };
}

/** One thing that a job made. */
const outputView = ({ asset, kind }: JobOutput, origin: string): V2Output => ({
  node_id: asset.source?.node ?? "",
  name: asset.name,
  type: kind,
  content_type: asset.type,
  size_bytes: asset.bytes,
  id: asset.id,
  hash: hashView(asset),
  url: `${origin}/api/v2/assets/${asset.id}/content`,
  url_expires_at: NEVER,
  job_id: asset.source?.job ?? "",
});

/** An asset; `created` says whether its bytes are new, in the answer to whoever made it. */
export const assetView = (asset: Asset, origin: string, created?: boolean): V2Asset => ({
  id: asset.id,
  hash: hashView(asset),
  size_bytes: asset.bytes,
  content_type: asset.type,
  file_path: asset.name,
  ...(created !== undefined && { created_new: created }),
  created_at: time(asset.createdAt),
  url: `${origin}/api/v2/assets/${asset.id}/content`,
  url_expires_at: NEVER,
  expires_at: null,
  job_id: asset.source?.job ?? null,
  tags: [...asset.tags],
});

const hashView = ({ hash }: Asset): string | null => (hash === undefined ? null : `blake3:${hash}`);

function errorView(text: string): V2Job["error"] {
  const error: unknown = parseJson(text);
  const { exception_message, node_id, node_type }: Readonly<Record<string, unknown>> = isRecord(error) ? error : {};
  const textOf = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    code: "node_execution_error",
    message: textOf(exception_message) ?? "the job failed",
    node_id: textOf(node_id),
    class_type: textOf(node_type),
    // ComfyUI's history has it, for who looks for the line; here nobody learns where this server's files are.
    traceback: null,
  };
}

const attemptView = ({ attempt, startedAt, endedAt, outcome, reason }: Attempt) => ({
  attempt,
  started_at: time(startedAt),
  completed_at: timeOrNull(endedAt),
  outcome: outcome ?? null,
  reason: reason ?? null,
});

const webhookView = ({ url, owner, state, tries, nextAt, triedAt, status, reason }: WebhookState) => ({
  // Where an operator is told may hold a secret of theirs: users see that it was, not where.
  url: owner === "job" ? url : null,
  owner,
  state,
  tries,
  next_try_at: timeOrNull(nextAt),
  last_try_at: timeOrNull(triedAt),
  last_status: status ?? null,
  reason: reason ?? null,
});
