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

/** Everything that is said about a run while it happens. Plain data: it crosses processes. */
export type RunEvent = Place &
  (
    | { readonly type: "cached"; readonly shown?: Shown }
    | { readonly type: "started" }
    | { readonly type: "progress"; readonly done: number; readonly total: number }
    | { readonly type: "preview"; readonly preview: Preview }
    | { readonly type: "finished"; readonly shown?: Shown }
    /** It did not run, because an input was blocked. Only the first node that a message reaches tells it. */
    | { readonly type: "blocked"; readonly message?: string }
  );
