/** What reading or converting a workflow found out, apart from its result. */
export interface Finding {
  /** An error leaves something out of the prompt, a warning is a guess or a loss, a note is for information. */
  readonly severity: "error" | "warning" | "note";
  /** A machine-readable name, e.g. `dangling-link`. */
  readonly code: string;
  /** A sentence: the place, what was found, what was expected. */
  readonly message: string;
  /** The graph: "" is the root; when converting the path of a subgraph's instance (`3:7`), when reading its id. */
  readonly graph?: string;
  /** The node: its execution id (`3:7:1`) when converting, its id in `graph` when reading. */
  readonly node?: string;
  readonly input?: string;
}

/** What was given is no saved workflow at all; what is wrong inside one is a finding. */
export class WorkflowError extends Error {
  override readonly name = "WorkflowError";
}
