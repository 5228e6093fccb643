import type { Candidate } from "./candidate.js";
import type { NodeProblems, PromptProblems } from "./problems.js";

/** Work for the lists of targets that each faulty node spoils: hostile prompts would make it quadratic. */
const WORK = 200_000;
/** Lines of a summary; the rest is in the nodes' own errors. */
const LINES = 50;

/** The problems of all faulty nodes by node id, each with the targets that need the node. */
export function blame(nodes: ReadonlyMap<string, Candidate>, targets: readonly Candidate[]): PromptProblems {
  // Without a prototype, so that a node named __proto__ is a node like any other.
  const errors: Record<string, NodeProblems & { dependent_outputs: string[] }> = Object.create(null);
  let faulty = false;
  for (const { id, call, problems } of nodes.values()) {
    if (problems.length === 0) continue;
    faulty = true;
    const class_type = typeof call.class_type === "string" ? call.class_type : "";
    errors[id] = { errors: problems, dependent_outputs: [], class_type };
  }
  if (!faulty) return errors;
  let work = 0;
  for (const target of targets) {
    const seen = new Set([target]);
    for (const { id, sources } of seen) {
      if (++work > WORK) return errors;
      errors[id]?.dependent_outputs.push(target.id);
      for (const source of sources) seen.add(source);
    }
  }
  return errors;
}

/** All problems as lines of text. */
export function summary(errors: PromptProblems): string {
  const lines = Object.values(errors).flatMap(({ errors: problems }) =>
    problems.map(({ message, details }) => `${message}: ${details}`),
  );
  const rest = lines.length - LINES;
  return [...lines.slice(0, LINES), ...(rest > 0 ? [`… and ${rest} more`] : [])].join("\n");
}
