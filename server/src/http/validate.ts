import { type Definitions, isRefused, type Plan, type PromptProblems, plan, type Refused } from "@mezzotint/engine";
import { isRecord, type JsonRecord } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { definitionsOf } from "./definitions.js";
import type { Services } from "./services.js";

/** What of a prompt will run, and what is wrong with the rest. */
export type Verdict = Pick<Plan, "targets" | "node_errors">;

/** Nodes of a prompt: checking so many takes less than a second, in which nobody else is answered. */
const MOST_NODES = 20_000;

/**
 * Checks a prompt against the nodes' definitions, and asks a worker only about what their code decides. Throws ComfyUI's
 * 400 when nothing of it can run.
 */
export async function validate(
  prompt: JsonRecord,
  text: string,
  { user, targets }: { readonly user: string; readonly targets?: readonly string[] | undefined },
  services: Pick<Services, "pool">,
): Promise<Verdict> {
  refuseHuge(prompt);
  const known = await definitionsOf(services, user);
  const first = plan(prompt, known, { targets });
  const stale = mayBeStale(first.node_errors, known);
  const planned = stale ? plan(prompt, await definitionsOf(services, user, true), { targets }) : first;
  if (isRefused(planned)) throw asProblem(planned);
  if (![...planned.steps.values()].some(({ definition }) => definition.checked)) return planned;
  // A worker that finds nothing, or has no time, is no reason to refuse: it checks again before the job runs.
  const found = await services.pool.check(user, text, targets);
  if (!isRecord(found)) return planned;
  if ("error" in found) throw asProblem(found as unknown as Refused);
  return found as unknown as Verdict;
}

function refuseHuge(prompt: JsonRecord): void {
  const nodes = Object.keys(prompt).length;
  if (nodes <= MOST_NODES) return;
  const details = `it has ${nodes} nodes (at most ${MOST_NODES}); a loop or several jobs do the same with fewer`;
  throw new HttpProblem(400, "prompt_too_large", "The prompt has too many nodes", { details });
}

const asProblem = ({ error, node_errors }: Refused): HttpProblem =>
  new HttpProblem(400, error.type, error.message, { ...error, node_errors });

/** Whether a value was refused that may be among the choices by now: files come and go. */
function mayBeStale(errors: PromptProblems, definitions: Definitions): boolean {
  return Object.values(errors).some(({ errors, class_type }) => {
    const inputs = Object.values(definitions.get(class_type)?.inputs ?? {});
    return (
      errors.some(({ type }) => type === "value_not_in_list") &&
      // What a choice brings may hold choices of its own.
      inputs.some(({ dynamic, branches }) => dynamic || branches)
    );
  });
}
