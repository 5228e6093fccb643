import { parseJson } from "@mezzotint/engine";
import type { Attempt, Job, JobStatus, JobSummary } from "../jobs/job.js";
import { extraData, historyStatus } from "./history.js";

/** ComfyUI's names for where a job is. */
export type JobViewStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled";

const STATUS: Readonly<Record<JobStatus, JobViewStatus>> = {
  queued: "pending",
  running: "in_progress",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

/** Our names for some of ComfyUI's; undefined when one is none of them. */
export function jobStatuses(names: readonly string[]): readonly JobStatus[] | undefined {
  const known = Object.entries(STATUS) as readonly (readonly [JobStatus, string])[];
  const found = names.map((name) => known.find(([, other]) => other === name)?.[0]);
  return found.includes(undefined) ? undefined : (found as readonly JobStatus[]);
}

/** A job of ComfyUI's `/api/jobs`, as JSON: what is not known is left out. */
export const jobView = (job: JobSummary): string => `{${fieldsOf(job)}}`;

/**
 * The same with outputs, messages, prompt and workflow, as `/api/jobs/{id}` answers; and with what ComfyUI does not know:
 * how often it was tried, and what became of each try.
 */
export const jobDetail = (job: Job, attempts: readonly Attempt[]): string => {
  const workflow = `{"prompt":${job.prompt},"extra_data":${extraData(job)}}`;
  const status = job.endedAt === undefined ? "" : `,"execution_status":${historyStatus(job)}`;
  const tries = JSON.stringify(attempts.map(attemptView));
  return `{${fieldsOf(job)},"outputs":${job.outputs}${status},"workflow":${workflow},"attempts":${tries}}`;
};

const attemptView = ({ attempt, worker, startedAt, endedAt, outcome, reason }: Attempt): object => ({
  attempt,
  worker,
  start_time: startedAt,
  end_time: endedAt,
  outcome,
  reason,
});

/** A page of jobs with its place among all. */
export function jobPage(
  jobs: readonly JobSummary[],
  { offset, limit, total }: { readonly offset: number; readonly limit: number | undefined; readonly total: number },
): string {
  const pagination = { offset, limit: limit ?? null, total, has_more: offset + jobs.length < total };
  return `{"jobs":[${jobs.map(jobView).join(",")}],"pagination":${JSON.stringify(pagination)}}`;
}

function fieldsOf(job: JobSummary): string {
  const { count, previewable, preview } = summaryOf(job.outputs);
  const fields = {
    id: job.id,
    status: STATUS[job.status],
    priority: job.number,
    create_time: job.createdAt,
    execution_start_time: job.startedAt,
    execution_end_time: job.endedAt,
    outputs_count: count,
    previewable_outputs_count: previewable,
    preview_output: preview,
    workflow_id: job.workflow,
  };
  const error = job.error === undefined ? "" : `,"execution_error":${job.error}`;
  return `${JSON.stringify(fields, exact).slice(1, -1)}${error}`;
}

/** Numbers beyond 2^53 in what a node showed are of no use in a list of jobs. */
const exact = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);

/** Kinds of output that galleries show. */
const VISUAL = new Set(["images", "video", "audio", "3d"]);
/** Files that they show whatever their kind. */
const MODELS = /\.(obj|fbx|gltf|glb|usdz)$/i;
const TEXTS = /\.(txt|md|json)$/i;
/** Of a text, this much is shown. */
const TEXT_LENGTH = 1024;

interface Summary {
  readonly count: number;
  readonly previewable: number;
  readonly preview: Readonly<Record<string, unknown>> | undefined;
}

interface Candidate {
  readonly rank: number;
  readonly shown: Readonly<Record<string, unknown>>;
}

/** Counts what a job made, and picks what stands for it: a saved picture, else any picture, a text file, a text. */
function summaryOf(outputs: string): Summary {
  let count = 0;
  let previewable = 0;
  let best: Candidate | undefined;
  for (const { nodeId, mediaType, item } of itemsIn(outputs)) {
    const file = fileOf(item);
    const candidate = file ? candidateOf(mediaType, file) : textOf(mediaType, item);
    if (file) count++;
    if (file && candidate) previewable++;
    if (candidate && (best === undefined || candidate.rank < best.rank)) {
      best = { rank: candidate.rank, shown: { ...candidate.shown, nodeId, mediaType, ...mediaTypeOf(file) } };
    }
  }
  return { count, previewable, preview: best?.shown };
}

function* itemsIn(outputs: string): Generator<{ nodeId: string; mediaType: string; item: unknown }> {
  // Most jobs of a long list show one picture; those that wait show nothing.
  if (outputs === "{}" || outputs === "") return;
  const nodes = parseJson(outputs) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  for (const [nodeId, shown] of Object.entries(nodes))
    for (const [mediaType, items] of Object.entries(shown)) {
      // `animated` says how pictures are to be shown; it is none.
      if (mediaType === "animated" || !Array.isArray(items)) continue;
      for (const item of items) yield { nodeId, mediaType, item };
    }
}

type File = Readonly<Record<string, unknown>>;

/** A file among the outputs; 3D models may stand there by their name alone. */
function fileOf(item: unknown): File | undefined {
  if (typeof item === "object" && item !== null && !Array.isArray(item)) return item as File;
  if (typeof item !== "string" || !MODELS.test(item)) return undefined;
  return { filename: item, type: "output", subfolder: "", mediaType: "3d" };
}

const mediaTypeOf = (file: File | undefined): object =>
  file?.mediaType === undefined ? {} : { mediaType: file.mediaType };

function candidateOf(kind: string, file: File): Candidate | undefined {
  const name = typeof file.filename === "string" ? file.filename : "";
  const format = typeof file.format === "string" ? file.format : "";
  if (kind === "text" || (!VISUAL.has(kind) && TEXTS.test(name))) return { rank: 2, shown: file };
  if (!VISUAL.has(kind) && !MODELS.test(name) && !/^(video|audio)\//.test(format)) return undefined;
  return { rank: file.type === "output" ? 0 : 1, shown: file };
}

function textOf(kind: string, item: unknown): Candidate | undefined {
  if (kind !== "text") return undefined;
  const content = String(item);
  if (content.length <= TEXT_LENGTH) return { rank: 3, shown: { content } };
  return { rank: 3, shown: { content: content.slice(0, TEXT_LENGTH), truncated: true } };
}
