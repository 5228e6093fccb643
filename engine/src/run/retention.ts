import { layoutOf } from "./layout.js";
import type { Task } from "./task.js";

/** Counts a task among those that may read its sources. */
export function retain(task: Task): void {
  for (const source of task.sources) if (source) source.uses++;
  if (layoutOf(task.step.definition).hidden.some(([, { hidden }]) => hidden === "DYNPROMPT")) keep(task);
}

/** A node that sees the graph may expand to something that reads whatever it depends on. */
function keep(task: Task): void {
  const open = [task];
  for (let top = open.pop(); top; top = open.pop()) {
    for (const source of top.sources) {
      if (!source || source.kept) continue;
      source.kept = true;
      open.push(source);
    }
  }
}

/** Counts a task among the readers of its sources again, after it was over. */
export function readAgain(task: Task): void {
  task.over = false;
  for (const source of task.sources) if (source) source.uses++;
}

/**
 * A task is over: what only it might still have read is let go. Without this a run would hold every picture it ever
 * made until its end, whatever the cache's size. Should an expansion ask for such a task after all, it runs again.
 */
export function letGo(task: Task): void {
  if (task.over) return;
  task.over = true;
  for (const source of task.sources) {
    if (!source || --source.uses > 0 || source.kept || source.state !== "done") continue;
    source.state = "idle";
    source.outputs = undefined;
    source.lending = undefined;
  }
}
