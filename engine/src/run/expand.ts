import { admit } from "./admit.js";
import { ancestorsOf } from "./ancestors.js";
import { bind } from "./bind.js";
import { type Blocker, isBlocker } from "./blocker.js";
import { Constant, type Expansion, isConstant } from "./expansion.js";
import { type Placed, topological } from "./graph.js";
import { outputKey, placeKey } from "./keys.js";
import { layoutOf } from "./layout.js";
import { nearest } from "./nearest.js";
import { shown } from "./problems.js";
import { isLink, type PromptNode } from "./prompt.js";
import { recall } from "./recall.js";
import type { Results } from "./results.js";
import type { Session } from "./session.js";
import type { Step } from "./step.js";
import type { Task } from "./task.js";
import { versionsOf } from "./versions.js";

/** A value that came out of an expansion: the list of what travels, and its key. */
interface Value {
  readonly values: readonly unknown[];
  readonly key: string | undefined;
}

/** The outputs of an expansion, each as a constant to pass on. */
export type Expanded<O> = { readonly [K in keyof O]: Constant<O[K]> | Blocker };

/** Runs an expansion that a node asked for, and gives back each output as a constant. */
export async function expandOnce<O>(
  session: Session,
  task: Task,
  graph: Expansion<O>,
  index: number,
  call: number,
): Promise<Expanded<O>> {
  const values = await expand(session, task, graph, index, call);
  const entries = [...values].map(([name, value]) => [name, toConstant(session, value)]);
  return Object.fromEntries(entries) as Expanded<O>;
}

/** Runs an expansion that a node returned: its outputs are the node's. */
export async function expandInto(
  session: Session,
  task: Task,
  graph: Expansion,
  index: number,
  call: number,
  results: Results,
): Promise<void> {
  const { outputs } = layoutOf(task.step.definition);
  for (const [name] of outputs) {
    if (!Object.hasOwn(graph.outputs, name)) throw new TypeError(`its expansion has no output "${name}"`);
  }
  const values = await expand(session, task, graph, index, call);
  outputs.forEach(([name], slot) => {
    results.spread(slot, values.get(name)!.values);
  });
}

function toConstant({ lists }: Session, { values, key }: Value): Constant | Blocker {
  if (values.length > 0 && values.every(isBlocker)) return values[0] as Blocker;
  if (values.length === 1) return new Constant(values[0], key);
  const constant = new Constant<unknown>(values, key);
  lists.set(constant, values);
  return constant;
}

async function expand(
  session: Session,
  task: Task,
  graph: Expansion,
  index: number,
  call: number,
): Promise<ReadonlyMap<string, Value>> {
  const { scheduler, nodes, use, signal } = session;
  signal.throwIfAborted();
  const prefix = `${task.step.id}/${index === 0 ? "" : `${index}.`}${call}/`;
  const steps = childSteps(session, task, graph, prefix);
  const outputs = Object.entries(graph.outputs as Readonly<Record<string, unknown>>).map(
    ([name, source]) => [name, outputOf(session, task, graph, prefix, name, source)] as const,
  );
  const versions = await versionsOf(steps, nodes, use, signal);
  const children = steps.map((step) => admit(session, step, versions?.get(step.id), task));
  try {
    // Whatever saves or shows something runs, even when no output needs it.
    const needed = children.filter(({ step }) => step.definition.output);
    for (const [, output] of outputs) if ("task" in output) needed.push(output.task());
    for (const child of needed) child.kept = true;
    recall(session, children);
    await scheduler.wait(needed);
    return new Map(
      outputs.map(([name, output]) => [name, "task" in output ? resultOf(output.task(), output.slot) : output]),
    );
  } finally {
    leave(session, task, children);
  }
}

/** Passes on what is to be known of the children, and drops them: a long loop would pile them up. */
function leave({ scheduler }: Session, task: Task, children: readonly Task[]): void {
  for (const child of children) {
    task.tainted ||= child.tainted;
    task.effects ||= child.effects;
  }
  // Someone may have asked for a lazy input and not waited; what still runs needs its neighbours.
  if (!children.every(({ state }) => state === "done" || state === "idle")) return;
  for (const child of children) scheduler.tasks.delete(child.step.id);
}

const resultOf = ({ outputs, key }: Task, slot: number): Value => ({
  values: outputs![slot]!,
  key: outputKey(key, slot),
});

/** A node call of an expansion while it is planned. */
interface Child extends Placed {
  readonly id: string;
  readonly call: PromptNode;
  step: Step | undefined;
}

/** Checks and orders the calls of an expansion, sources first. */
function childSteps(session: Session, task: Task, graph: Expansion, prefix: string): readonly Step[] {
  const { scheduler, lists } = session;
  const calls = graph.nodes;
  const around = surroundings(session, task, graph, prefix);
  const children = new Map<string, Child>();
  for (const [name, call] of Object.entries(calls)) {
    const id = prefix + name;
    if (scheduler.tasks.has(id) || (session.prompt && Object.hasOwn(session.prompt, id)))
      throw new Error(`its expansion would bring a second node ${id}: the prompt has one`);
    children.set(id, { id, call, step: undefined, place: undefined });
  }
  const sources = (child: Child): readonly Child[] => {
    const { id, call } = child;
    const { step, problems } = bind(id, call, definitionOf(session, id, call), {
      ...around,
      items: (constant) => lists.get(constant),
    });
    if (problems.length > 0)
      throw new Error(`its expansion is not in order:\n${problems.map((p) => p.details).join("\n")}`);
    child.step = withKeys(withLinks(step, graph, prefix), task, prefix);
    return step.bindings.flatMap(({ from }) => (from === undefined ? [] : (children.get(from) ?? [])));
  };
  const order = topological(children.values(), sources, (circle) => {
    const ids = circle.slice(0, 10).map(({ id }) => id);
    throw new Error(`its expansion has nodes that depend on each other in a circle: ${ids.join(" → ")}`);
  });
  return order.map(({ step }) => step!);
}

function surroundings(session: Session, task: Task, graph: Expansion, prefix: string) {
  let above: ReadonlyMap<string, Task> | undefined;
  return {
    resolve: (id: string) => (Object.hasOwn(graph.nodes, id) ? prefix + id : id),
    definition: (id: string) => {
      const child = id.startsWith(prefix) ? id.slice(prefix.length) : "";
      if (Object.hasOwn(graph.nodes, child)) return definitionOf(session, id, graph.nodes[child]!);
      above ??= ancestorsOf(task);
      return reachable(above, task, id).step.definition;
    },
  };
}

/** An expansion may read what its node depends on: anything else is a circle, or would not be in the cache key. */
function reachable(above: ReadonlyMap<string, Task>, task: Task, id: string): Task {
  const found = id === task.step.id ? undefined : above.get(id);
  if (found) return found;
  throw new Error(
    `its expansion is linked to node ${shown(id)}, which is neither in it nor before node ${shown(task.step.id)}: that would be a dependency cycle, or a dependency that cache keys cannot see`,
  );
}

function definitionOf({ definitions }: Session, id: string, call: PromptNode) {
  const found = definitions.get(call.class_type);
  if (found) return found;
  const near = nearest(String(call.class_type), definitions.keys());
  throw new Error(
    `its expansion's node ${shown(id)} has the type ${shown(call.class_type)}, which is not installed${near ? `; did you mean ${near}?` : ""}`,
  );
}

/** The call as others see it: its links by the ids that the graph knows. */
function withLinks(step: Step, graph: Expansion, prefix: string): Step {
  const inputs = Object.fromEntries(
    Object.entries(step.call.inputs ?? {}).map(([name, value]) => [
      name,
      isLink(value) && Object.hasOwn(graph.nodes, value[0]) ? [prefix + value[0], value[1]] : value,
    ]),
  );
  return { ...step, call: { ...step.call, inputs } };
}

/** Constants without a key are known by their place. */
function withKeys(step: Step, { key }: Task, prefix: string): Step {
  const constants = new Set(Object.keys(step.call.inputs).filter((name) => isConstant(step.call.inputs[name])));
  if (constants.size === 0) return step;
  const bindings = step.bindings.map((binding) =>
    binding.key === undefined && constants.has(binding.name)
      ? { ...binding, key: placeKey(key, prefix, step.id, binding.name) }
      : binding,
  );
  return { ...step, bindings };
}

type Output = Value | { readonly task: () => Task; readonly slot: number };

function outputOf(
  session: Session,
  task: Task,
  graph: Expansion,
  prefix: string,
  name: string,
  source: unknown,
): Output {
  if (isBlocker(source)) return { values: [source], key: undefined };
  if (isConstant(source)) return { values: session.lists.get(source) ?? [source.value], key: source.key };
  if (!isLink(source))
    throw new TypeError(`its expansion's output "${name}" is ${shown(source)}, and neither a link nor a constant`);
  const [node, slot] = source;
  const { resolve, definition } = surroundings(session, task, graph, prefix);
  const id = resolve(node);
  if (!layoutOf(definition(id)).outputs[slot])
    throw new RangeError(
      `its expansion's output "${name}" is linked to output ${slot} of ${shown(node)}, which has none such`,
    );
  return { task: () => session.scheduler.tasks.get(id)!, slot };
}
