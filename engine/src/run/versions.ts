import { randomUUID } from "node:crypto";
import { literalsOf } from "./assemble.js";
import type { NodeType } from "./node.js";
import type { Use } from "./service.js";
import type { Step } from "./step.js";

/** Versions read files; more at a time would only queue at the disk. */
const AT_ONCE = 16;

/**
 * What the `version` of a step's node says. One that throws gives a version that never comes again: the step runs,
 * and tells by itself what is wrong.
 */
export async function versionOf(step: Step, node: NodeType, use: Use): Promise<string | undefined> {
  if (!node.version) return undefined;
  try {
    return await node.version(literalsOf(step), { use });
  } catch {
    return `~${randomUUID()}`;
  }
}

/** The versions of those steps whose nodes have one, by step id; nothing to wait for when none has. */
export function versionsOf(
  steps: Iterable<Step>,
  nodes: ReadonlyMap<string, NodeType>,
  use: Use,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> | undefined {
  const open: Step[] = [];
  for (const step of steps) if (nodes.get(step.definition.id)?.version) open.push(step);
  if (open.length === 0) return undefined;
  const versions = new Map<string, string>();
  const work = async () => {
    for (let step = open.pop(); step; step = open.pop()) {
      signal.throwIfAborted();
      const version = await versionOf(step, nodes.get(step.definition.id)!, use);
      if (version !== undefined) versions.set(step.id, version);
    }
  };
  return Promise.all(Array.from({ length: Math.min(AT_ONCE, open.length) }, work)).then(() => versions);
}
