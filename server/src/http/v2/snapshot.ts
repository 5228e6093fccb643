import type { Job, JobSummary } from "../../jobs/job.js";
import { neededNodes, type Progress } from "../../jobs/progress.js";
import type { Services } from "../services.js";
import type { V2Job } from "./bodies.js";
import { outputsOf } from "./job-outputs.js";
import { labelsIn } from "./labels.js";
import { jobView } from "./views.js";

/** What snapshots are made from. */
export type SnapshotServices = Pick<Services, "records" | "dispatcher" | "assets" | "webhooks" | "places">;

/** A job with all that is known of it now. */
export async function snapshotOf(job: Job, origin: string, services: SnapshotServices): Promise<V2Job> {
  const { records, dispatcher, webhooks } = services;
  const running = dispatcher.runningJob(job.id);
  const live = job.status === "running" ? running : undefined;
  return jobView(job, {
    origin,
    outputs: await outputsOf(job, live?.outputs ?? job.outputs, services),
    progress: live ? live.progress() : finalProgress(job),
    cancelling: live?.cancelling ?? false,
    position: job.status === "queued" ? await records.position(job.id) : undefined,
    attempts: await records.attempts(job.id),
    webhooks: webhooks.ofJob(job.id),
    metadata: labelsIn(job.extra),
  });
}

/** A job as lists have it: what would cost a query each is left out. */
export async function listed(job: JobSummary, origin: string, services: SnapshotServices): Promise<V2Job> {
  const live = job.status === "running" ? services.dispatcher.runningJob(job.id) : undefined;
  const outputs = await outputsOf(job, live?.outputs ?? job.outputs, services);
  return jobView(job, { origin, outputs, progress: live?.progress(), cancelling: live?.cancelling ?? false });
}

/** Nothing more will change of a job. */
export const isOver = ({ status }: Pick<V2Job, "status">): boolean =>
  status === "succeeded" || status === "failed" || status === "canceled" || status === "expired";

function finalProgress(job: Job): Progress | undefined {
  if (job.status !== "succeeded") return undefined;
  const total = neededNodes(job).size;
  return { value: 1, done: total, total };
}
