import type { Awaitable } from "./awaitable.js";
import { isBlocker } from "./blocker.js";
import type { Entry } from "./cache.js";
import { layoutOf } from "./layout.js";
import type { NodeType } from "./node.js";
import type { Session } from "./session.js";
import type { Task } from "./task.js";
import { versionOf } from "./versions.js";

/**
 * Puts what a task computed into the cache, if its key says what that was. A file may have changed between the version
 * that is in the key and the run: the version is asked again, and unless it is the same, neither this result nor any
 * that builds on it is kept.
 */
export function store(session: Session, task: Task, node: NodeType, entry: Entry): Awaitable<void> {
  if (task.sources.some((source) => source?.tainted)) task.tainted = true;
  if (task.version === undefined) return put(session, task, entry);
  return versionOf(task.step, node, session.use).then((version) => {
    if (version !== task.version) task.tainted = true;
    session.signal.throwIfAborted();
    put(session, task, entry);
  });
}

function put({ cache }: Session, task: Task, entry: Entry): void {
  if (task.tainted) return;
  cache.set(task.key, entry, { durable: isDurable(task, entry) });
}

function isDurable({ key, effects, step }: Task, { outputs }: Entry): boolean {
  if (effects || key.startsWith("~")) return false;
  if (layoutOf(step.definition).outputs.some(([, { local }]) => local)) return false;
  return !outputs.some((values) => values.some(isBlocker));
}
