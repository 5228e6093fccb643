import type { NodeDefinition, Problem, PromptProblems, RunEvent } from "@mezzotint/engine";
import type { Places } from "../places.js";

/** Which try of which job. Both sides name it in everything they say about a run. */
export interface Which {
  readonly job: string;
  readonly attempt: number;
}

/** What a worker is told when it starts: its one argument, as JSON. */
export interface WorkerConfig {
  /** The server's process: the worker ends with it. */
  readonly server: number;
  readonly places: Places;
  /** Paths of packs that are not installed. */
  readonly localPacks: readonly string[];
  /** SAMPLING_OPTIONS' `compat`. */
  readonly compat?: string;
  /** How many workers share the machine's memory. */
  readonly workers: number;
}

/** What the server says to a worker. Prompts and extras are JSON texts (64-bit seeds). */
export type ToWorker =
  | (Which & {
      readonly type: "run";
      readonly user: string;
      readonly prompt: string;
      readonly extra: string;
      readonly targets: readonly string[];
      readonly previews: boolean;
    })
  | (Which & { readonly type: "cancel" })
  | (Which & { readonly type: "watch"; readonly previews: boolean })
  /** Custom checks of packs, and choices that may have changed since the definitions were told. */
  | {
      readonly type: "check";
      readonly id: number;
      readonly user: string;
      readonly prompt: string;
      readonly targets?: readonly string[];
    }
  | { readonly type: "describe"; readonly id: number; readonly user: string }
  /** Forgets results. */
  | { readonly type: "free" }
  /** Where the inference host takes clients in, or why there is none. */
  | { readonly type: "host"; readonly path: string }
  | { readonly type: "hostless"; readonly reason: string }
  | { readonly type: "host-died"; readonly path: string; readonly how: string }
  | { readonly type: "stop" };

/** How a run ended. `interrupted`: it was cancelled. */
export type Ended =
  | { readonly outcome: "succeeded" }
  | { readonly outcome: "interrupted" }
  | {
      readonly outcome: "failed";
      readonly message: string;
      /** The class of what was thrown, e.g. `Error`. */
      readonly type: string;
      readonly stack: readonly string[];
      readonly node?: string;
      readonly display?: string;
      readonly classType?: string;
      /** Whether the process that computes died, and not the node alone. */
      readonly hostDied?: boolean;
    };

/**
 * What checks by code found wrong with a prompt: ComfyUI's error body. Without `error` the prompt can run in part:
 * `targets` are what is left of it.
 */
export interface Checked {
  readonly error?: Problem<string>;
  readonly node_errors: PromptProblems;
  readonly targets: readonly string[];
}

/** What a worker says to the server. Definitions, and the bytes of previews, follow the message as raw parts. */
export type FromWorker =
  /** It needs to know where the inference host is. */
  | { readonly type: "host-wanted" }
  | { readonly type: "ready"; readonly definitions: readonly NodeDefinition[] }
  /** It cannot start, e.g. because of a pack; it ends after this. */
  | { readonly type: "unusable"; readonly reason: string }
  | (Which & { readonly type: "events"; readonly events: readonly RunEvent[] })
  | (Which & { readonly type: "ended"; readonly ended: Ended })
  /** `result` is absent when nothing is wrong. */
  | { readonly type: "checked"; readonly id: number; readonly result?: Checked }
  | { readonly type: "described"; readonly id: number; readonly definitions: readonly NodeDefinition[] };
