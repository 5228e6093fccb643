import type { Preview, Shown } from "./node.js";

/** Where in a run something happened. Nodes that come out of an expansion are shown on the user's node they stem from. */
export interface Place {
  /** The step's id. */
  readonly node: string;
  /** The node of the user's prompt that it belongs to; itself unless it comes out of an expansion. */
  readonly display: string;
  /** The step whose expansion it comes out of. */
  readonly parent?: string;
}

/** What happens to one node. Plain data: it crosses processes. */
export type NodeEvent = Place &
  /** Its result is known: it will not run. */
  (
    | { readonly type: "cached"; readonly shown?: Shown }
    | { readonly type: "started" }
    | { readonly type: "progress"; readonly done: number; readonly total: number }
    | { readonly type: "preview"; readonly preview: Preview }
    | { readonly type: "finished"; readonly shown?: Shown }
    /** It did not run, because an input was blocked. Only the first node that a message reaches tells it. */
    | { readonly type: "blocked"; readonly message?: string }
  );

/**
 * Everything that is said about a run while it happens. `recalled` comes once, before any node starts: the steps whose
 * results were at hand, maybe none. Each of them is then told as `cached`, with what it shows; so is, later and not
 * among these, what a slower cache turns out to have, and what expansions find known.
 */
export type RunEvent = NodeEvent | { readonly type: "recalled"; readonly nodes: readonly string[] };
