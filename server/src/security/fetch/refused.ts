/** What was wrong with a request to another server. */
export type RefusedFor =
  | "url"
  | "scheme"
  | "credentials"
  | "port"
  | "address"
  | "name"
  | "redirects"
  | "too_large"
  | "encoded"
  | "timeout"
  | "connection";

/** A request on a user's behalf that was not made, or broken off. Its message may be shown to that user: it names no address. */
export class FetchRefused extends Error {
  override readonly name = "FetchRefused";
  readonly reason: RefusedFor;

  constructor(reason: RefusedFor, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
