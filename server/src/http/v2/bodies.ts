import { z } from "zod";

/**
 * The bodies of Comfy API v2 (https://docs.comfy.org, openapi-v2.yaml), which clients of theirs read. What is ours is said;
 * their contract is additive, so that its clients skip what they do not know.
 */

const Time = z.iso.datetime().describe("UTC");

export const V2Status = z.enum(["queued", "running", "succeeded", "canceling", "canceled", "failed", "expired"]);

export const V2Progress = z.object({
  value: z.number().min(0).max(1),
  nodes_done: z.int(),
  nodes_total: z.int(),
  current_node: z.string().nullable(),
  current_node_class: z.string().nullable(),
  step: z.int().nullable(),
  steps: z.int().nullable(),
  message: z.string().nullable(),
});

export const V2Output = z.object({
  node_id: z.string(),
  name: z.string(),
  type: z.enum(["image", "video", "audio", "text", "file", "latent"]),
  content_type: z.string(),
  size_bytes: z.int(),
  id: z.string().describe("Of the asset: GET /api/v2/assets/{id}"),
  hash: z.string().nullable().describe("`blake3:<hex>`; null until the asset was asked for"),
  url: z.url(),
  url_expires_at: Time.describe("Far in the future: these links do not expire (a guess)"),
  job_id: z.string(),
});

const V2Error = z.object({
  code: z.string(),
  message: z.string(),
  node_id: z.string().nullable(),
  class_type: z.string().nullable(),
  traceback: z.string().nullable(),
});

const V2Attempt = z.object({
  attempt: z.int(),
  started_at: Time,
  completed_at: Time.nullable(),
  outcome: z.enum(["succeeded", "failed", "cancelled", "lost", "returned"]).nullable(),
  reason: z.string().nullable(),
});

const V2Webhook = z.object({
  url: z.string().nullable().describe("Null for the operator's own"),
  owner: z.enum(["job", "server"]),
  state: z.enum(["waiting", "due", "delivered", "given_up"]),
  tries: z.int(),
  next_try_at: Time.nullable(),
  last_try_at: Time.nullable(),
  last_status: z.int().nullable(),
  reason: z.string().nullable(),
});

export const V2Job = z.object({
  id: z.string(),
  status: V2Status,
  created_at: Time,
  started_at: Time.nullable(),
  completed_at: Time.nullable(),
  create_time: Time.describe("`created_at`, as Comfy's lists call it"),
  update_time: Time.describe("When its status changed last, as Comfy's lists call it"),
  expires_at: Time.describe("Far in the future: jobs are kept by number (the last 10,000), not by time (a guess)"),
  queue_position: z.int().nullable().describe("Jobs that run before it (a guess); null once it runs, and in lists"),
  progress: V2Progress.nullable(),
  outputs: z.array(V2Output),
  error: V2Error.nullable(),
  metrics: z.object({ queue_ms: z.int().nullable(), execution_ms: z.int().nullable() }),
  urls: z.object({ self: z.string(), events: z.string(), cancel: z.string(), workflow: z.string() }),
  priority: z.number().describe("ComfyUI's `number`: smaller runs earlier. Ours, not Comfy's"),
  metadata: z.record(z.string(), z.string()).optional().describe("The labels of its request; absent in lists"),
  attempts: z.array(V2Attempt).optional().describe("Each try to run it. Ours; absent in lists"),
  webhooks: z
    .array(V2Webhook)
    .optional()
    .describe("Who is told of its end, and what became of that. Ours; absent in lists"),
});

export const V2Asset = z.object({
  id: z.string(),
  hash: z.string().nullable(),
  size_bytes: z.int(),
  content_type: z.string(),
  file_path: z.string().nullable(),
  created_new: z.boolean().optional().describe("When it was just made: whether its bytes are new here"),
  created_at: Time,
  url: z.url(),
  url_expires_at: Time.describe("Far in the future: these links do not expire (a guess)"),
  expires_at: Time.nullable().describe("Always null: assets stay until they are deleted"),
  job_id: z.string().nullable(),
  tags: z.array(z.string()),
});

export const V2Problem = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).nullable() }),
});

/** How one page of a list lies among all; a guess, after ComfyUI's /api/jobs. */
export const V2Pagination = z.object({ offset: z.int(), limit: z.int(), total: z.int(), has_more: z.boolean() });

export type V2Job = z.infer<typeof V2Job>;
export type V2Output = z.infer<typeof V2Output>;
export type V2Asset = z.infer<typeof V2Asset>;
export type V2Progress = z.infer<typeof V2Progress>;
