/** How often a job may be under suspicion of having ended its worker: twice, then it is not tried again. */
const MOST_BLAMED = 2;
/** How often a job may be lost at all, whoever is to blame. */
const MOST_LOST = 10;

/** Why a job that lost its worker is not tried again; undefined when it is. Both numbers count this loss too. */
export function givenUp(lost: number, blamed: number, reason: string): string | undefined {
  if (blamed >= MOST_BLAMED) return `The job was lost ${lost} times and ended its worker ${blamed} times: ${reason}`;
  if (lost >= MOST_LOST) return `The job was lost ${lost} times and never ended: ${reason}`;
  return undefined;
}

/** What history says of a job that was given up: the data of its execution_error, and its messages. */
export function givenUpRecord(
  id: string,
  message: string,
  startedAt: number,
  now: number,
): {
  readonly error: Readonly<Record<string, unknown>>;
  readonly messages: readonly (readonly [event: string, data: Readonly<Record<string, unknown>>])[];
} {
  const error = {
    prompt_id: id,
    node_id: null,
    node_type: null,
    executed: [],
    exception_message: message,
    exception_type: "WorkerLost",
    traceback: [],
    current_inputs: {},
    current_outputs: [],
    timestamp: now,
  };
  return {
    error,
    messages: [
      ["execution_start", { prompt_id: id, timestamp: startedAt }],
      ["execution_error", error],
    ],
  };
}
