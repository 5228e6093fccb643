import type { DynamicPrompt } from "./inputs.js";
import type { Task } from "./task.js";

/** A task and all that it depends on, by id. Results may depend on nothing else, or cache keys would not tell. */
export function ancestorsOf(task: Task): ReadonlyMap<string, Task> {
  const seen = new Map([[task.step.id, task]]);
  for (const [, { sources }] of seen) {
    for (const source of sources) {
      if (source && !seen.has(source.step.id)) seen.set(source.step.id, source);
    }
  }
  return seen;
}

/** The part of the running graph that a node may look at: itself and what it depends on. */
export function graphSeenBy(task: Task): DynamicPrompt {
  let seen: ReadonlyMap<string, Task> | undefined;
  const ancestors = () => {
    seen ??= ancestorsOf(task);
    return seen;
  };
  return { get: (id) => ancestors().get(id)?.step.call, ids: () => [...ancestors().keys()] };
}
