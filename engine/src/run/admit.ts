import { keyOf } from "./keys.js";
import { retain } from "./retention.js";
import type { Session } from "./session.js";
import type { Step } from "./step.js";
import type { Task } from "./task.js";

/** Makes the task of a step, with its key. Its sources must be in the run before it; `parent` is what expanded to it. */
export function admit(
  { scheduler: { tasks }, salt }: Session,
  step: Step,
  version: string | undefined,
  parent?: Task,
): Task {
  const sources = step.bindings.map(({ from }) => (from === undefined ? undefined : tasks.get(from)!));
  const task: Task = {
    step,
    sources,
    display: parent ? (step.call._meta?.display ?? parent.display) : step.id,
    parent: parent?.step.id,
    key: keyOf(step, sources, version, salt),
    version,
    state: "idle",
    outputs: undefined,
    waits: 0,
    readers: undefined,
    watchers: undefined,
    lending: undefined,
    uses: 0,
    over: false,
    kept: false,
    tainted: parent?.tainted ?? false,
    effects: step.definition.output ?? false,
  };
  tasks.set(step.id, task);
  retain(task);
  return task;
}
