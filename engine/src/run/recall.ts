import { type Session, say } from "./session.js";
import type { Outputs, Task } from "./task.js";

/** Looks some tasks up in the cache, tells those that are there, and pins what they gave. Returns their keys. */
export function recall(session: Session, tasks: Iterable<Task>): readonly string[] {
  const { cache } = session;
  const pinned: string[] = [];
  for (const task of tasks) {
    const entry = cache.get(task.key);
    if (!entry) continue;
    cache.pin(task.key);
    pinned.push(task.key);
    task.state = "done";
    task.outputs = entry.outputs;
    say(session, task, "cached", entry.shown);
  }
  return pinned;
}

/** Asks the cache's slow part for a task, if it may be there. */
export function recallLater(session: Session, task: Task): Promise<Outputs | undefined> | undefined {
  return session.cache.load?.(task.key)?.then((entry) => {
    if (!entry) return undefined;
    say(session, task, "cached", entry.shown);
    return entry.outputs;
  });
}
