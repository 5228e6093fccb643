import { literalsOf } from "./assemble.js";
import { type Definitions, describeNode } from "./describe.js";
import type { InputDefinition } from "./inputs.js";
import type { NodeType } from "./node.js";
import { isRefused, type Plan, type PlanOptions, plan } from "./plan.js";
import { type Problem, type PromptProblems, problem, type Refused } from "./problems.js";
import type { Use } from "./service.js";
import { nameOf, type Step } from "./step.js";

/** What checks need beyond plain definitions: the nodes' code, in a process that has it. */
export interface CheckOptions extends PlanOptions {
  readonly nodes: ReadonlyMap<string, NodeType>;
  readonly use: Use;
  readonly signal?: AbortSignal;
}

/** Checks read files; more at a time would only queue at the disk. */
const AT_ONCE = 16;

/**
 * Plans a prompt, and does what plain data cannot: asks again for choices that are a snapshot before it refuses a
 * value that is not among them, and lets every node check its literals.
 */
export async function check(prompt: unknown, definitions: Definitions, options: CheckOptions): Promise<Plan | Refused> {
  let known = definitions;
  let planned = plan(prompt, known, options);
  const stale = staleClasses(planned.node_errors, definitions);
  if (stale.size > 0) {
    known = await refresh(definitions, stale, options);
    planned = plan(prompt, known, options);
  }
  if (isRefused(planned)) return planned;
  const problems = await checkSteps(planned.steps.values(), options);
  if (problems.size === 0) return planned;
  return plan(prompt, known, { ...options, known: problems });
}

/** Classes of which some choice was refused that the definitions know only by a snapshot. */
function staleClasses(errors: PromptProblems, definitions: Definitions): ReadonlySet<string> {
  const stale = new Set<string>();
  for (const { errors: problems, class_type } of Object.values(errors)) {
    const inputs = Object.values(definitions.get(class_type)?.inputs ?? {});
    const dynamic = inputs.some(isDynamic);
    if (dynamic && problems.some(({ type }) => type === "value_not_in_list")) stale.add(class_type);
  }
  return stale;
}

/** Whether the choices of an input, or of one that it brings, may have changed. */
const isDynamic = ({ dynamic, branches }: InputDefinition): boolean =>
  dynamic === true || Object.values(branches ?? {}).some((inputs) => Object.values(inputs).some(isDynamic));

async function refresh(
  definitions: Definitions,
  classes: ReadonlySet<string>,
  { nodes, use }: CheckOptions,
): Promise<Definitions> {
  const fresh = new Map(definitions);
  await Promise.all(
    [...classes].map(async (id) => {
      const node = nodes.get(id);
      const before = definitions.get(id);
      if (node && before?.pack) fresh.set(id, await describeNode(node, before.pack, use));
    }),
  );
  return fresh;
}

/** Lets the nodes of some steps check their literals; gives the problems by node id. */
export async function checkSteps(
  steps: Iterable<Step>,
  { nodes, use, signal }: Pick<CheckOptions, "nodes" | "use" | "signal">,
): Promise<ReadonlyMap<string, readonly Problem[]>> {
  const open = [...steps].filter(({ definition }) => nodes.get(definition.id)?.check);
  const problems = new Map<string, readonly Problem[]>();
  const work = async () => {
    for (let step = open.pop(); step; step = open.pop()) {
      signal?.throwIfAborted();
      const found = await checkStep(step, nodes.get(step.definition.id)!, use);
      if (found) problems.set(step.id, [found]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, open.length) }, work));
  return problems;
}

async function checkStep(step: Step, node: NodeType, use: Use): Promise<Problem | undefined> {
  const place = nameOf(step.id, step.call);
  try {
    const reason = await node.check?.(literalsOf(step), { use });
    if (!reason) return undefined;
    return problem("custom_validation_failed", `${place}: ${reason}`, { node_id: step.id });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return problem("exception_during_inner_validation", `${place}: ${reason}`, { node_id: step.id });
  }
}
