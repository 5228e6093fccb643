import { setMaxListeners } from "node:events";
import { admit } from "./admit.js";
import { type Cache, noCache } from "./cache.js";
import type { Definitions } from "./describe.js";
import type { RunEvent } from "./events.js";
import { execute } from "./execute.js";
import type { NodeType } from "./node.js";
import type { Plan } from "./plan.js";
import type { Prompt } from "./prompt.js";
import { recall, recallLater } from "./recall.js";
import { Scheduler } from "./scheduler.js";
import { services, type Use } from "./service.js";
import type { Session } from "./session.js";
import { slots as makeSlots, type Slots } from "./slots.js";
import type { Outputs } from "./task.js";
import { versionsOf } from "./versions.js";

/** What a run needs besides its plan. */
export interface RunOptions {
  /** The code of the nodes by class name: `nodesOf(packs)`. */
  readonly nodes: ReadonlyMap<string, NodeType>;
  /** The definitions that the prompt was planned with: `describe(packs, use)`. */
  readonly definitions: Definitions;
  /** Keeps nothing by default. */
  readonly cache?: Cache;
  /** One slot of each resource by default. */
  readonly slots?: Slots;
  readonly emit?: (event: RunEvent) => void;
  /** Ends the run: nothing new begins, and the run rejects with the signal's reason once what runs has ended. */
  readonly signal?: AbortSignal;
  /** What the process offers its nodes; nothing by default. */
  readonly use?: Use;
  /** The prompt as submitted, for nodes that store it. */
  readonly prompt?: Prompt;
  /** What an editor wants stored in pictures. */
  readonly extraPngInfo?: Readonly<Record<string, unknown>>;
  /** Whether somebody watches pictures of work in progress; a function when that may change during the run. */
  readonly previews?: boolean | (() => boolean);
  /** Whether somebody takes what nodes deliver; as `previews` if absent. */
  readonly followed?: () => boolean;
  /** Joins every cache key: whatever else changes results, such as a compatibility mode or the device. */
  readonly salt?: string;
}

/**
 * Runs a plan's targets and what they need, each step at most once. Resolves with the targets' outputs, for each a
 * list of values. Rejects with a `NodeError` when a node fails, or with the signal's reason, after everything that was
 * running has ended; what finished before stays cached.
 */
export async function run(plan: Plan, options: RunOptions): Promise<ReadonlyMap<string, Outputs>> {
  const { signal: outside, cache = noCache } = options;
  outside?.throwIfAborted();
  const { previews = false } = options;
  const watched = typeof previews === "function" ? previews : () => previews;
  const stop = new AbortController();
  // Every node that runs may listen.
  setMaxListeners(0, stop.signal);
  const scheduler: Scheduler = new Scheduler(options.slots ?? makeSlots(), {
    begin: (task) => execute(session, task),
    load: (task) => recallLater(session, task),
    failed: (error) => stop.abort(error),
  });
  const session: Session = {
    nodes: options.nodes,
    definitions: options.definitions,
    scheduler,
    cache,
    emit: options.emit ?? (() => {}),
    signal: stop.signal,
    use: options.use ?? services([]),
    salt: options.salt ?? "",
    prompt: options.prompt,
    extraPngInfo: options.extraPngInfo,
    previews: watched,
    followed: options.followed ?? watched,
    told: new WeakSet(),
    lists: new WeakMap(),
  };
  const abort = () => scheduler.fail(outside?.reason);
  outside?.addEventListener("abort", abort, { once: true });
  let pinned: readonly string[] = [];
  try {
    pinned = await prepare(session, plan);
    const targets = plan.targets.map((id) => scheduler.tasks.get(id)!);
    await scheduler.wait(targets);
    return new Map(targets.map(({ step, outputs }) => [step.id, outputs!]));
  } catch (error) {
    scheduler.fail(error);
    throw error;
  } finally {
    // The next run must not overlap with what is left of this one.
    await scheduler.quiet();
    outside?.removeEventListener("abort", abort);
    for (const key of pinned) cache.unpin(key);
  }
}

/** Makes the tasks of a plan with their keys, and looks them up in the cache. */
async function prepare(session: Session, { steps, targets }: Plan): Promise<readonly string[]> {
  const { tasks } = session.scheduler;
  const versions = await versionsOf(steps.values(), session.nodes, session.use, session.signal);
  for (const step of steps.values()) admit(session, step, versions?.get(step.id));
  for (const id of targets) tasks.get(id)!.kept = true;
  // What was told to be cached must not be evicted by what runs meanwhile: the next run would have to do it again.
  const found = recall(session, tasks.values(), { announce: true });
  for (const key of found) session.cache.pin(key);
  return found;
}
