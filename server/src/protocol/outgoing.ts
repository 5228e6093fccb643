import type { JobRef } from "../jobs/dispatcher-events.js";

/** One message to a socket. */
export type Outgoing =
  | {
      readonly text: string;
      /** A newer message of the same kind may take its place while the socket is slow. */
      readonly latest?: string;
    }
  /** A picture that may be left out, unless it is a result. Both forms are made when they are first needed. */
  | { readonly plain: () => Uint8Array; readonly described: () => Uint8Array; readonly result?: boolean };

/** Where messages go: the sockets of clients. Nothing is kept for those that are not there. */
export interface Outbox {
  /** Whether a client listens. */
  readonly listens: (user: string, client: string | undefined) => boolean;
  readonly toClient: (user: string, client: string | undefined, message: Outgoing) => void;
  readonly toUser: (user: string, message: Outgoing) => void;
  /** The queue's length changed: told to all before long, and to the client of a job at once. */
  readonly status: (job?: JobRef) => void;
  /** Calls back when a client begins or ceases to listen. */
  readonly onPresence: (listener: (user: string, client: string, listens: boolean) => void) => void;
}
