import type { NodeEvent } from "@mezzotint/engine";
import type { RunNode } from "./dispatcher-run.js";
import type { JobSpec, Outcome } from "./job.js";

/** Whose job it is, and which. */
export type JobRef = Pick<JobSpec, "id" | "user" | "client">;

/** One of ComfyUI's `status.messages`: an event's name, and its data with a timestamp in milliseconds. */
export type Note = Outcome["messages"][number];

/**
 * What happens to jobs, in order: what is durable is told after it is. A job that is given back is taken anew, with another
 * attempt; one that is cancelled while it waits is over without having been taken.
 */
export type JobEvent = { readonly job: JobRef } & (
  | { readonly type: "queued" }
  | { readonly type: "taken"; readonly attempt: number }
  /** `kept`: it is in the history too, word for word; the others are told to whoever listens, and forgotten. */
  | { readonly type: "note"; readonly note: Note; readonly kept: boolean }
  /** What the engine says of a node, and how far every node is. */
  | {
      readonly type: "run";
      readonly event: NodeEvent;
      readonly node: RunNode;
      readonly nodes: ReadonlyMap<string, RunNode>;
    }
  | { readonly type: "requeued"; readonly reason: string }
  /** Somebody asked to stop it while it runs; it may still end otherwise. */
  | { readonly type: "cancelling" }
  | { readonly type: "over"; readonly status: Outcome["status"]; readonly ran: boolean }
);
