import { unclaimedLinks } from "./consumers.js";
import { type Finding, WorkflowError } from "./findings.js";
import { isRecord, type Json, own } from "./records.js";
import { graphsIn, type SavedGraph } from "./subgraphs.js";
import { viewOf } from "./view.js";

/** What a parsed JSON file is: a workflow that an editor saved, a prompt in API format, or neither. */
export type SavedKind = "saved" | "api" | "unknown";

/** A saved workflow. The document is the JSON itself, so whatever nobody understands is kept. Never change it in place. */
export interface Workflow {
  readonly json: Json;
  /** What could not be read; the rest was. */
  readonly findings: readonly Finding[];
}

/** Tells a saved workflow from an API prompt by its shape. */
export function kindOf(value: unknown): SavedKind {
  if (!isRecord(value)) return "unknown";
  if (Array.isArray(own(value, "nodes"))) return "saved";
  return Object.values(value).some((node) => typeof own(node, "class_type") === "string") ? "api" : "unknown";
}

/**
 * Reads parsed JSON (see `parseJson`) as a saved workflow of version 0.4 or 1. A node, link or subgraph that makes no
 * sense is a finding and is passed over. Throws a WorkflowError only when the value is no saved workflow.
 */
export function readWorkflow(value: unknown): Workflow {
  const kind = kindOf(value);
  if (kind !== "saved") {
    const found = kind === "api" ? "this is a prompt in API format" : "this has no list of nodes";
    throw new WorkflowError(`a saved workflow is an object with the lists "nodes" and "links"; ${found}`);
  }
  const json = value as Json;
  const { graphs, findings } = graphsIn(json);
  return { json, findings: [...findings, ...graphs.flatMap(findingsIn)] };
}

function findingsIn({ id: graph, raw }: SavedGraph): readonly Finding[] {
  const view = viewOf(raw, graph);
  const at = graph === "" ? "" : `subgraph ${graph}, `;
  const unclaimed = unclaimedLinks(view).map(
    ({ id, target }): Finding => ({
      severity: "note",
      code: "unclaimed-link",
      message: `${at}link ${id} is read by no input (it says node ${target}), so it means nothing`,
      graph,
    }),
  );
  return [...view.findings, ...unclaimed];
}

/** The JSON of a workflow, equal to what was read. */
export const writeWorkflow = (workflow: Workflow): unknown => workflow.json;
