import { isLink, parseJson } from "@mezzotint/engine";
import type { RunNode } from "./dispatcher-run.js";
import type { JobSpec } from "./job.js";

/** How far a job is: complete, so that whoever gets one knows all that there is to know. */
export interface Progress {
  /** 0 to 1: done nodes, and of the running ones as much as their steps say. */
  readonly value: number;
  readonly done: number;
  readonly total: number;
  /** The node that began last and still runs. */
  readonly current?: {
    readonly node: string;
    readonly classType: string;
    readonly step: number;
    readonly steps: number;
  };
}

type Calls = Readonly<Record<string, { readonly class_type?: unknown; readonly inputs?: unknown } | undefined>>;

/** The nodes of a prompt that its targets need, by id, with their classes. Empty for what cannot be read. */
export function neededNodes({ prompt, targets }: Pick<JobSpec, "prompt" | "targets">): ReadonlyMap<string, string> {
  const calls = callsOf(prompt);
  const needed = new Map<string, string>();
  const waiting = [...targets];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (needed.has(id) || !Object.hasOwn(calls, id)) continue;
    const { class_type: type, inputs } = calls[id] ?? {};
    needed.set(id, typeof type === "string" ? type : "");
    if (typeof inputs !== "object" || inputs === null) continue;
    for (const value of Object.values(inputs)) if (isLink(value)) waiting.push(value[0]);
  }
  return needed;
}

function callsOf(prompt: string): Calls {
  try {
    return parseJson(prompt) as Calls;
  } catch {
    return {};
  }
}

/** How far a run is, by how far its nodes are; `recalled` are those that need not run. */
export function progressOf(
  needed: ReadonlyMap<string, string>,
  nodes: ReadonlyMap<string, RunNode>,
  recalled: ReadonlySet<string>,
  current: RunNode | undefined,
): Progress {
  let [done, partly] = [0, 0];
  for (const id of needed.keys()) {
    const node = nodes.get(id);
    if (node?.state === "finished" || (node === undefined && recalled.has(id))) done++;
    else if (node?.state === "running" && node.max > 0) partly += Math.min(Math.max(node.value / node.max, 0), 1);
  }
  const total = needed.size;
  const value = total === 0 ? 0 : Math.min((done + partly) / total, 1);
  if (!current) return { value, done, total };
  const { real: node, value: step, max: steps } = current;
  return { value, done, total, current: { node, classType: needed.get(node) ?? "", step, steps } };
}
