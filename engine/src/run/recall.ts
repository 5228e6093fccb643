import { letGo } from "./retention.js";
import { type Session, say } from "./session.js";
import type { Outputs, Task } from "./task.js";

/** Looks some tasks up in the cache, and tells those that are there. Returns their keys. */
export function recall(session: Session, tasks: Iterable<Task>): readonly string[] {
  const { cache } = session;
  const found: string[] = [];
  for (const task of tasks) {
    const entry = cache.get(task.key);
    if (!entry) continue;
    found.push(task.key);
    task.state = "done";
    task.outputs = entry.outputs;
    letGo(task);
    say(session, task, "cached", entry.shown);
  }
  return found;
}

/** Asks the cache's slow part for a task, if it may be there. */
export function recallLater(session: Session, task: Task): Promise<Outputs | undefined> | undefined {
  return session.cache.load?.(task.key)?.then((entry) => {
    if (!entry) return undefined;
    say(session, task, "cached", entry.shown);
    return entry.outputs;
  });
}
