import { stringifyJson } from "./json.js";

/** What can be wrong with one node of a prompt: ComfyUI's error types. */
export type ProblemType =
  | "required_input_missing"
  | "bad_linked_input"
  | "return_type_mismatch"
  | "invalid_input_type"
  | "value_smaller_than_min"
  | "value_bigger_than_max"
  | "value_not_in_list"
  | "custom_validation_failed"
  | "exception_during_inner_validation"
  | "dependency_cycle"
  | "invalid_dynamic_input"
  | "missing_node_type";

/** What can be wrong with a prompt as a whole. */
export type RefusalType = "no_prompt" | "missing_node_type" | "prompt_no_outputs" | "prompt_outputs_failed_validation";

/** One thing that is wrong, in ComfyUI's shape. `details` is a sentence with the place, what was found, what was expected. */
export interface Problem<T extends string = ProblemType> {
  readonly type: T;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** All that is wrong with one node. */
export interface NodeProblems {
  readonly errors: readonly Problem[];
  /** The targets that cannot run because of it. */
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

/** What is wrong with each node, by node id. */
export type PromptProblems = Readonly<Record<string, NodeProblems>>;

/** A prompt of which nothing can run. Plain data: the body of ComfyUI's HTTP 400. */
export interface Refused {
  readonly error: Problem<RefusalType>;
  readonly node_errors: PromptProblems;
}

const MESSAGES: Readonly<Record<ProblemType, string>> = {
  required_input_missing: "Required input is missing",
  bad_linked_input: "Input is not a usable link",
  return_type_mismatch: "Link joins two different types",
  invalid_input_type: "Input value has the wrong type",
  value_smaller_than_min: "Input value is below its minimum",
  value_bigger_than_max: "Input value is above its maximum",
  value_not_in_list: "Input value is not one of the choices",
  custom_validation_failed: "The node refuses its inputs",
  exception_during_inner_validation: "The node failed while checking its inputs",
  dependency_cycle: "Nodes depend on each other in a circle",
  invalid_dynamic_input: "Input does not belong to a group of this node",
  missing_node_type: "Node type is not installed",
};

/** A problem with the standing message of its type. */
export const problem = (type: ProblemType, details: string, extra_info: Problem["extra_info"] = {}): Problem => ({
  type,
  message: MESSAGES[type],
  details,
  extra_info,
});

/** A value as messages show it: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (Array.isArray(value)) return value.length > 4 ? `a list of ${value.length}` : snippet(value, "a list");
  if (typeof value === "object" && value !== null) return snippet(value, "an object");
  return String(value).slice(0, 100);
}

function snippet(value: object, otherwise: string): string {
  // Only small values are written out: a hostile one may hold a hundred megabytes.
  const small = Object.values(value).every((item) => typeof item !== "object" && String(item).length < 30);
  if (!small || Object.keys(value).length > 4) return otherwise;
  try {
    return stringifyJson(value);
  } catch {
    return otherwise;
  }
}
