/** A thing that is wrong with a request, as ComfyUI tells it: clients show `message` and `details`. */
export interface ProblemBody {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** What may be said beside the sentence. */
interface More {
  /** What was found, what was expected, and the way out. */
  readonly details?: string;
  readonly extra_info?: Readonly<Record<string, unknown>>;
  /** What is wrong with each node of a prompt, as ComfyUI tells it. */
  readonly node_errors?: Readonly<Record<string, unknown>>;
  /** Headers of the answer, e.g. `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Kept for the log; never sent. */
  readonly cause?: unknown;
}

/** A request that is not granted. Thrown anywhere below a route, it becomes the answer (see errors.ts). */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly body: ProblemBody;
  readonly nodeErrors: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, type: string, message: string, more: More = {}) {
    const { details, extra_info, node_errors, headers, cause } = more;
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.body = { type, message, details: details ?? "", extra_info: extra_info ?? {} };
    this.nodeErrors = node_errors ?? {};
    this.headers = headers ?? {};
  }
}
