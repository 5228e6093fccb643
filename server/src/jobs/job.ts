/** Where a job is. The last three are final. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** What a client submits, checked and complete. Prompts are JSON text: 64-bit seeds survive, and nobody parses twice. */
export interface JobSpec {
  /** A UUID, the client's or ours. */
  readonly id: string;
  /** Who asked; `default` where there is one user. */
  readonly user: string;
  /** ComfyUI's `client_id`: whose sockets hear of it. */
  readonly client?: string;
  /** The prompt in API form, as JSON. */
  readonly prompt: string;
  /** ComfyUI's `extra_data` without secrets, as JSON: `{"extra_pnginfo": {"workflow": …}, …}`. */
  readonly extra: string;
  /** The output nodes to run. */
  readonly targets: readonly string[];
  /** ComfyUI's `number`, as clients are shown it; smaller runs earlier among one user's jobs. */
  readonly number: number;
  /** The saved workflow that it came from, if the client said so. */
  readonly workflow?: string;
  /** Who is told when it is over. Kept apart from the job: what is read of a job holds none of it. */
  readonly webhooks?: readonly WebhookSpec[];
}

/** Where the end of a job is told. */
export interface WebhookSpec {
  /** `job`: who submitted it asked; `server`: the operator did, whose secret is not kept here. */
  readonly owner: "job" | "server";
  readonly url: string;
  /** What the message is signed with. */
  readonly secret?: string;
  /** How the client that submitted the job reached this server: links in the message begin with it. */
  readonly origin: string;
}

/** One try to run a job. */
export interface Attempt {
  readonly attempt: number;
  readonly worker: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** `lost`: its worker died, or the server; `returned`: the server stopped in good order, and the job waits for its next start. */
  readonly outcome?: "succeeded" | "failed" | "cancelled" | "lost" | "returned";
  /** Why it did not succeed. */
  readonly reason?: string;
}

/** What a node showed (`images`, `text`, …), by the node's id. */
export type Shown = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

/** How a job ended. */
export interface Outcome {
  readonly status: "succeeded" | "failed" | "cancelled";
  readonly outputs: Shown;
  /** Display, parent and real id of each node that showed something, as ComfyUI's history has them. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** ComfyUI's `status.messages`: `["execution_start", {…, timestamp}]` and on. */
  readonly messages: readonly (readonly [event: string, data: Readonly<Record<string, unknown>>])[];
  /** The data of the execution_error message, when it failed. */
  readonly error?: Readonly<Record<string, unknown>>;
}

/** A job as it is kept. `outputs`, `meta`, `messages` and `error` are JSON texts, so that pages of jobs are spliced, not parsed. */
export interface Job extends Omit<JobSpec, "webhooks"> {
  readonly status: JobStatus;
  /** Counts submissions; never reused. */
  readonly seq: number;
  readonly attempt: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly outputs: string;
  readonly meta: string;
  readonly messages: string;
  readonly error?: string;
}

/** A job without its prompt and workflow, for lists. */
export type JobSummary = Omit<Job, "prompt" | "extra" | "messages">;
