import { bind } from "./bind.js";
import { blame, summary } from "./blame.js";
import { type Candidate, candidates } from "./candidate.js";
import type { Definitions } from "./describe.js";
import { topological } from "./graph.js";
import { type Problem, type PromptProblems, problem, type RefusalType, type Refused, shown } from "./problems.js";
import { isLink, type PromptNode } from "./prompt.js";
import { nameOf, type Step } from "./step.js";

/** What will run: checked steps, sources before what reads them. */
export interface Plan {
  readonly steps: ReadonlyMap<string, Step>;
  /** The nodes asked for whose inputs are all in order. */
  readonly targets: readonly string[];
  /** What is wrong with the nodes of the other targets. */
  readonly node_errors: PromptProblems;
}

/** How to plan. */
export interface PlanOptions {
  /** Run only these nodes (and what they need) instead of every output node. Ids that the prompt lacks are ignored. */
  readonly targets?: readonly string[] | undefined;
  /** Problems found elsewhere, e.g. by `checkSteps`, by node id. */
  readonly known?: ReadonlyMap<string, readonly Problem[]>;
}

/** Whether a prompt was refused as a whole. */
export const isRefused = (planned: Plan | Refused): planned is Refused => "error" in planned;

/**
 * Checks a prompt against plain definitions and orders its steps, or says all that is wrong with it at once. Targets
 * that are in order run even when others are not, as in ComfyUI; only what targets need is looked at.
 */
export function plan(prompt: unknown, definitions: Definitions, options: PlanOptions = {}): Plan | Refused {
  if (typeof prompt !== "object" || prompt === null || Array.isArray(prompt)) {
    const details = `a prompt is an object of nodes by id; this is ${prompt === undefined ? "nothing" : shown(prompt)}`;
    return refused("no_prompt", "There is no prompt", details, {});
  }
  const nodes = candidates(prompt as Readonly<Record<string, unknown>>, definitions);
  const wanted = wantedOf(nodes, options.targets);
  const order = bindAll(nodes, wanted, options.known);
  const targets = wanted.filter(({ good }) => good);
  const node_errors = blame(nodes, wanted);
  const missing = firstMissing(nodes);
  if (missing) return refused("missing_node_type", missing.message, missing.details, node_errors, missing.extra_info);
  if (wanted.length === 0) {
    const details = options.targets
      ? `none of the nodes asked for is in the prompt: ${shown(options.targets)}`
      : "no node of the prompt saves or shows anything, so there is nothing to run";
    return refused("prompt_no_outputs", "The prompt has no outputs", details, node_errors);
  }
  if (targets.length === 0) {
    const message = "No output of the prompt can run";
    return refused("prompt_outputs_failed_validation", message, summary(node_errors), node_errors);
  }
  const steps = stepsFor(targets, order, targets.length === wanted.length);
  return { steps, targets: targets.map(({ id }) => id), node_errors };
}

const refused = (
  type: RefusalType,
  message: string,
  details: string,
  node_errors: PromptProblems,
  extra_info: Problem["extra_info"] = {},
): Refused => ({ error: { type, message, details, extra_info }, node_errors });

function wantedOf(nodes: ReadonlyMap<string, Candidate>, asked: readonly string[] | undefined): readonly Candidate[] {
  if (asked) return [...new Set(asked)].flatMap((id) => nodes.get(id) ?? []);
  const wanted: Candidate[] = [];
  for (const node of nodes.values()) if (node.definition?.output) wanted.push(node);
  return wanted;
}

/** Reads the inputs of every node that targets need, and gives those nodes with sources first. */
function bindAll(
  nodes: ReadonlyMap<string, Candidate>,
  wanted: readonly Candidate[],
  known: PlanOptions["known"],
): readonly Candidate[] {
  const links = { definition: (id: string) => nodes.get(id)?.definition };
  const read = (node: Candidate): readonly Candidate[] => {
    if (!node.definition) {
      node.sources = linkedTo(node, nodes);
      return node.sources;
    }
    const { step, problems, sources } = bind(node.id, node.call, node.definition, links);
    node.step = step;
    node.sources = sources.map((id) => nodes.get(id)!);
    const others = known?.get(node.id);
    node.problems = others ? [...problems, ...others] : problems;
    return node.sources;
  };
  const order = topological(wanted, read, tellCircle);
  for (const node of order) node.good = node.problems.length === 0 && node.sources.every(({ good }) => good);
  return order;
}

/** What a node of unknown type is linked to: its sources' own mistakes are told with its. */
function linkedTo({ call }: Candidate, nodes: ReadonlyMap<string, Candidate>): readonly Candidate[] {
  const { inputs } = call as Partial<PromptNode>;
  if (typeof inputs !== "object" || inputs === null) return [];
  return Object.values(inputs).flatMap((raw) => (isLink(raw) ? (nodes.get(raw[0]) ?? []) : []));
}

function tellCircle(circle: readonly Candidate[]): void {
  const first = circle.slice(0, 10).map(({ id }) => id);
  const path = [...first, ...(circle.length > 10 ? ["…"] : []), first[0]].join(" → ");
  for (const node of circle) {
    if (node.problems.some(({ type }) => type === "dependency_cycle")) continue;
    const details = `${nameOf(node.id, node.call)} depends on itself: ${path} (each takes from the next)`;
    const found = problem("dependency_cycle", details, { node_id: node.id, nodes: first });
    node.problems = [...node.problems, found];
  }
}

function firstMissing(nodes: ReadonlyMap<string, Candidate>): Problem | undefined {
  for (const { definition, problems } of nodes.values()) if (!definition) return problems[0];
  return undefined;
}

/** The steps that targets need, in order. */
function stepsFor(targets: readonly Candidate[], order: readonly Candidate[], all: boolean): ReadonlyMap<string, Step> {
  const needed = new Set(targets);
  for (let i = order.length - 1; i >= 0 && !all; i--) {
    if (needed.has(order[i]!)) for (const source of order[i]!.sources) needed.add(source);
  }
  const steps = new Map<string, Step>();
  for (const node of order) if (all || needed.has(node)) steps.set(node.id, node.step!);
  return steps;
}
