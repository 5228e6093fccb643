import type { Job, JobStatus } from "../jobs/job.js";

/** A job as ComfyUI's queue tells it: `[number, id, prompt, extra_data, targets]`, as JSON. Nothing is parsed. */
export function queueTuple(job: Pick<Job, "number" | "id" | "prompt" | "targets" | keyof Extra>): string {
  return `[${job.number},${JSON.stringify(job.id)},${job.prompt},${extraData(job)},${JSON.stringify(job.targets)}]`;
}

type Extra = Pick<Job, "extra" | "client" | "createdAt">;

/** ComfyUI's `extra_data`: what was submitted, by whom, and when (milliseconds since 1970). */
export function extraData({ extra, client, createdAt }: Extra): string {
  const given = extra.trim();
  const rest = given.slice(1, -1).trim();
  const ours = `${client === undefined ? "" : `"client_id":${JSON.stringify(client)},`}"create_time":${createdAt}`;
  // Of two equal keys the last counts: nobody submits in another's name.
  return rest === "" ? `{${ours}}` : `{${rest},${ours}}`;
}

/** Whether a job is in the history: it ran, and is over. */
export const inHistory = ({ status, startedAt }: Pick<Job, "status" | "startedAt">): boolean =>
  startedAt !== undefined && status !== "queued" && status !== "running";

/** ComfyUI's `status_str`, which knows two ends. */
const STATUS: Readonly<Partial<Record<JobStatus, string>>> = {
  succeeded: "success",
  failed: "error",
  cancelled: "error",
};

/** A job's entry in ComfyUI's history, as JSON. */
export function historyEntry(job: Job): string {
  return `{"prompt":${queueTuple(job)},"outputs":${job.outputs},"status":${historyStatus(job)},"meta":${job.meta}}`;
}

/** How a job ended, as ComfyUI's history has it. */
export const historyStatus = ({ status, messages }: Pick<Job, "status" | "messages">): string =>
  `{"status_str":${JSON.stringify(STATUS[status] ?? null)},"completed":${status === "succeeded"},"messages":${messages}}`;

/** Entries by job id, as `/history` answers. */
export const historyBody = (jobs: readonly Job[]): string =>
  `{${jobs.map((job) => `${JSON.stringify(job.id)}:${historyEntry(job)}`).join(",")}}`;
