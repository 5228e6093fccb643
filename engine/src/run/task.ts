import type { Lending } from "./lending.js";
import type { Step } from "./step.js";

/** What a step gave: for each output the values that travel one by one; mostly lists of one. */
export type Outputs = readonly (readonly unknown[])[];

/** One step during one run. */
export interface Task {
  readonly step: Step;
  /** The task that each of the step's bindings is linked to, in their order; nothing for a literal. */
  readonly sources: readonly (Task | undefined)[];
  /** The node of the user's prompt that it is shown on. */
  readonly display: string;
  /** The step whose expansion it comes out of. */
  readonly parent: string | undefined;
  readonly key: string;
  /** What the node's `version` said when the run began. */
  readonly version: string | undefined;
  state: "idle" | "waiting" | "running" | "done";
  outputs: Outputs | undefined;
  /** Sources that it needs and that are not done. */
  waits: number;
  /** Tasks that wait for this one. */
  readers: Task[] | undefined;
  /** Called when it is done. */
  watchers: (() => void)[] | undefined;
  lending: Lending | undefined;
  /** Who may still read its outputs; without any they are let go. */
  uses: number;
  /** It is done, and no longer counted in the `uses` of its sources. */
  over: boolean;
  /** Its outputs are never let go: a target, or something that an expansion may read. */
  kept: boolean;
  /** Its key does not say what it computed (a file changed meanwhile): neither it nor what follows is cached. */
  tainted: boolean;
  /** It, or what it expanded to, has effects beyond its outputs: a cache on disk must not stand in for it. */
  effects: boolean;
}
