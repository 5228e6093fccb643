import type { JobRef } from "./dispatcher-events.js";
import type { RunningJob } from "./dispatcher-interface.js";
import type { RunRecord } from "./dispatcher-run.js";
import type { ShownLater } from "./dispatcher-shown.js";

/** A job that a worker has. */
export interface Run {
  readonly record: RunRecord;
  readonly ref: JobRef;
  /** Somebody asked to stop it. */
  cancelled: boolean;
  /** It has ended; `settled` says when that is kept. */
  settled: Promise<void> | undefined;
  /** It goes back to the queue. */
  returns: boolean;
  readonly shown: ShownLater;
}

/** A run as others may see it. */
export const seen = ({ ref, record, cancelled }: Run): RunningJob => ({
  job: ref,
  attempt: record.claim.attempt,
  startedAt: record.startedAt,
  current: record.current,
  nodes: record.nodes,
  outputs: record.outputs,
  cancelling: cancelled,
  progress: () => record.progress(),
});
