/** How the command ends. Scripts depend on these numbers. */
export const EXIT = { done: 0, failedInNode: 1, invalid: 2, interrupted: 130, brokenPipe: 141 } as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something to tell the user in a sentence that ends the command. The cause, if any, is shown with `--debug`. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;

  constructor(message: string, { exitCode = EXIT.invalid, cause }: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** What went wrong in one line, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of an error and of all its causes, for `--debug`. */
export function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${trace(error.cause)}`;
}
