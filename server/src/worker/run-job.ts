import {
  type Cache,
  check,
  type Definitions,
  isRefused,
  NodeError,
  type NodeType,
  type Prompt,
  parseJson,
  type RunEvent,
  run,
  type Slots,
  type Use,
} from "@mezzotint/engine";
import { messageOf } from "../failure.js";
import { OWNER } from "../places.js";
import type { Ended, ToWorker } from "./messages.js";

/** What the jobs of a worker share. */
export interface Workshop {
  readonly nodes: ReadonlyMap<string, NodeType>;
  /** As they were described last. */
  readonly definitions: () => Definitions;
  readonly useOf: (user: string) => Promise<Use>;
  readonly cache: Cache;
  readonly slots: Slots;
  /** A text as clients may read it. */
  readonly tellable: (text: string) => string;
  /** Joins every cache key. */
  readonly salt: string;
}

/** What is particular to one run. */
export interface Running {
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** Whether somebody follows it now, and watches previews unless the job wants none. */
  readonly previews: () => boolean;
}

/** Runs a job and tells how it ended; never rejects. */
export async function runJob(
  { nodes, definitions: known, useOf, cache, slots, salt, tellable }: Workshop,
  { user, prompt: text, extra, targets }: Extract<ToWorker, { type: "run" }>,
  { signal, emit, previews }: Running,
): Promise<Ended> {
  try {
    const definitions = known();
    const use = await useOf(user);
    const prompt = parseJson(text) as Prompt;
    const { extra_pnginfo, preview_method } = parseJson(extra) as Record<string, unknown>;
    // Files may be gone since the job was accepted: whatever stands in the way now is told before anything is computed.
    const plan = await check(prompt, definitions, { nodes, use, targets, signal });
    const problems = Object.values(plan.node_errors).flatMap(({ errors }) => errors);
    if (isRefused(plan) || problems.length > 0) {
      const details = problems.map((problem) => problem.details).join("; ");
      return refused(tellable(isRefused(plan) && !details ? plan.error.details : details));
    }
    await run(plan, {
      nodes,
      definitions,
      use,
      prompt,
      cache,
      slots,
      // What a node wrote for one user is in no folder of another's.
      salt: user === OWNER ? salt : JSON.stringify([salt, user]),
      signal,
      emit,
      // ComfyUI's other methods name ways to draw a preview; each family here has one.
      previews: () => preview_method !== "none" && previews(),
      followed: previews,
      ...(isObject(extra_pnginfo) && { extraPngInfo: extra_pnginfo }),
    });
    return { outcome: "succeeded" };
  } catch (error) {
    return signal.aborted ? { outcome: "interrupted" } : failed(error, tellable);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const refused = (details: string): Ended => ({
  outcome: "failed",
  type: "InvalidPrompt",
  message: `the prompt was in order when it was submitted, and no longer is: ${details}`,
  stack: [],
});

/** What a failure was: of a node's, what the node threw. */
function failed(error: unknown, tellable: Workshop["tellable"]): Ended {
  const cause = error instanceof NodeError ? error.cause : error;
  const place =
    error instanceof NodeError ? { node: error.node, display: error.display, classType: error.classType } : {};
  return {
    outcome: "failed",
    message: tellable(String(messageOf(cause)).slice(0, LONGEST)),
    type: cause instanceof Error ? String(cause.name) : typeof cause,
    stack: cause instanceof Error ? stackOf(cause).map(tellable) : [],
    ...place,
    ...(hostDied(cause) && { hostDied: true }),
  };
}

/** Characters of a message; a pack may throw any text. */
const LONGEST = 2 ** 16;

/** Lines of a stack without its message, at most 50. Packs may have put anything in its place. */
const stackOf = ({ stack }: Error): readonly string[] =>
  String(stack)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 50)
    .map((line) => `${line}\n`);

/** Whether the death of the inference host is among the causes. */
function hostDied(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) if (one.name === "HostDied") return true;
  return false;
}
