import type { Definitions } from "./describe.js";
import type { Placed } from "./graph.js";
import { nearest } from "./nearest.js";
import type { NodeDefinition } from "./node.js";
import { type Problem, problem, shown } from "./problems.js";
import type { PromptNode } from "./prompt.js";
import { nameOf, type Step, titleOf } from "./step.js";

/** A node of a prompt while it is planned. */
export interface Candidate extends Placed {
  readonly id: string;
  readonly call: PromptNode;
  /** Nothing if the type is not installed. */
  readonly definition: NodeDefinition | null;
  problems: readonly Problem[];
  /** Read only if a target needs it. */
  step: Step | undefined;
  sources: readonly Candidate[];
  /** It and all that it needs are in order. */
  good: boolean;
}

/** Suggestions compare a name with every class: hostile prompts may misspell thousands. */
const SUGGESTIONS = 20;

/** Looks up the class of every node, even of nodes that nothing needs, as ComfyUI does. */
export function candidates(
  prompt: Readonly<Record<string, unknown>>,
  definitions: Definitions,
): Map<string, Candidate> {
  const found = new Map<string, Candidate>();
  let missing = 0;
  for (const id of Object.keys(prompt)) {
    const node = prompt[id];
    const call = (typeof node === "object" && node !== null ? node : {}) as PromptNode;
    const type: unknown = Object.hasOwn(call, "class_type") ? call.class_type : undefined;
    const definition = (typeof type === "string" ? definitions.get(type) : undefined) ?? null;
    const candidate: Candidate = {
      id,
      call,
      definition,
      problems: NONE,
      step: undefined,
      sources: NOBODY,
      good: false,
      place: undefined,
    };
    if (!definition) {
      const near = missing++ < SUGGESTIONS && typeof type === "string" ? nearest(type, definitions.keys()) : undefined;
      candidate.problems = [unknownClass(candidate, node, near)];
    }
    found.set(id, candidate);
  }
  return found;
}

function unknownClass({ id, call }: Candidate, node: unknown, near: string | undefined): Problem {
  const type = typeof call.class_type === "string" ? call.class_type : null;
  const details =
    type === null
      ? `node ${id} has no class_type: it is ${shown(node)}, and a node is {"class_type": …, "inputs": {…}}`
      : `${nameOf(id, call)}: no installed pack has a node type ${shown(type)}${near ? `; did you mean ${near}?` : ""}`;
  return problem("missing_node_type", details, { node_id: id, class_type: type, node_title: titleOf(call) ?? type });
}

const NONE: readonly Problem[] = [];
const NOBODY: readonly Candidate[] = [];
