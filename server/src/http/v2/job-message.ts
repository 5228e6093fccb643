import type { Delivery } from "../../webhooks/webhook.js";
import { type SnapshotServices, snapshotOf } from "./snapshot.js";

/** What a webhook is told of a job that is over: the job as `GET /api/v2/jobs/{id}` has it, in Standard Webhooks' frame. */
export async function jobMessage(
  { job: id, origin }: Delivery,
  services: SnapshotServices,
): Promise<object | undefined> {
  const job = await services.records.get(id);
  if (!job) return undefined;
  const { webhooks: _, ...data } = await snapshotOf(job, origin, services);
  return { type: `job.${data.status}`, timestamp: data.completed_at, data };
}
