import type { Shown } from "./node.js";
import { letGo } from "./retention.js";
import { type Session, say } from "./session.js";
import type { Outputs, Task } from "./task.js";

/** Looks some tasks up in the cache, and tells those that are there; first all together, if `announce`. Returns their keys. */
export function recall(
  session: Session,
  tasks: Iterable<Task>,
  { announce = false }: { readonly announce?: boolean } = {},
): readonly string[] {
  const { cache } = session;
  const found: { readonly task: Task; readonly shown: Shown | undefined }[] = [];
  for (const task of tasks) {
    const entry = cache.get(task.key);
    if (!entry) continue;
    found.push({ task, shown: entry.shown });
    task.state = "done";
    task.outputs = entry.outputs;
    letGo(task);
  }
  if (announce) session.emit({ type: "recalled", nodes: found.map(({ task }) => task.step.id) });
  for (const { task, shown } of found) say(session, task, "cached", shown);
  return found.map(({ task }) => task.key);
}

/** Asks the cache's slow part for a task, if it may be there. */
export function recallLater(session: Session, task: Task): Promise<Outputs | undefined> | undefined {
  return session.cache.load?.(task.key)?.then((entry) => {
    if (!entry) return undefined;
    say(session, task, "cached", entry.shown);
    return entry.outputs;
  });
}
