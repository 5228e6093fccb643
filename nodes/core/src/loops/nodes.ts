import { randomUUID } from "node:crypto";
import {
  ANY,
  any,
  BOOLEAN,
  block,
  bool,
  type DynamicPrompt,
  defineNode,
  each,
  grow,
  hidden,
  INT,
  int,
  lazy,
  link,
  optional,
  type Prompt,
  type PromptNode,
  socket,
} from "@mezzotint/engine";
import { findLoops, type Graph, type Loops, loopStartedBy } from "./loop-graph.js";
import { INNER_END, INNER_START, type Inner, innerScope, runLoop } from "./run-loop.js";
import { cacheIterations, mode } from "./settings.js";

interface Found {
  readonly graph: Graph;
  readonly loops: Loops;
}

/** The loops of prompts that run, so that a prompt of many loops is searched once. */
const searched = new WeakMap<Prompt, Found>();

function foundIn(prompt: Prompt): Found {
  const known = searched.get(prompt);
  if (known) return known;
  const graph: Graph = new Map(Object.entries(prompt));
  const found = { graph, loops: findLoops(graph) };
  searched.set(prompt, found);
  return found;
}

/** The graph around a node: the user's prompt, or what the node depends on if it came out of another's expansion. */
async function around(node: string, prompt: Prompt | undefined, dynamic: DynamicPrompt): Promise<Found> {
  if (prompt && Object.hasOwn(prompt, node)) return foundIn(prompt);
  const graph = new Map<string, PromptNode>();
  for (const id of await dynamic.ids()) graph.set(id, (await dynamic.get(id)) as PromptNode);
  return { graph, loops: findLoops(graph) };
}

const startInputs = {
  mode,
  cache_iterations: cacheIterations,
  parent_iteration: optional(
    int({ forceInput: true, tooltip: "iteration_index of the loop around this one, to run inside each iteration." }),
  ),
  initial_iteration_value: optional(any({ tooltip: "current_iteration_value of the first iteration." })),
};
const startOutputs = {
  iteration_index: INT,
  is_first: BOOLEAN,
  is_last: BOOLEAN,
  list_item: ANY,
  current_iteration_value: ANY,
};
const nothing = () => ({
  iteration_index: block(),
  is_first: block(),
  is_last: block(),
  list_item: block(),
  current_iteration_value: block(),
});
/** Unless iterations may be reused, a loop is never the same as in an earlier run. */
const startVersion = ({ cache_iterations }: { readonly cache_iterations?: boolean | undefined }): string =>
  cache_iterations === true ? "" : `~${randomUUID()}`;

/**
 * ComfyUI's Start Loop. Everything that depends on it and not on its End Loop is the body of the loop: it runs in each
 * iteration, and nowhere else.
 */
export const startLoop = defineNode({
  id: "StartLoop",
  title: "Start Loop",
  category: "looping",
  doc: "Begins a loop: what follows, up to End Loop, runs once per iteration.",
  inputs: { ...startInputs, prompt: hidden.prompt },
  outputs: startOutputs,
  version: startVersion,
  run: ({ prompt }, { node }) => {
    // It runs only because something in the body was asked for outside the loop. That is as it should be for a Save
    // Image in the body, which the iterations run; a loop without an end would otherwise do nothing in silence.
    if (prompt && Object.hasOwn(prompt, node)) {
      const { graph, loops } = foundIn(prompt);
      loopStartedBy(loops, graph, node);
    }
    return nothing();
  },
});

const endInputs = {
  output_value: optional(lazy(any({ tooltip: "What the loop gives." }))),
  next_iteration_value: optional(lazy(any({ tooltip: "current_iteration_value of the next iteration." }))),
  accumulate: bool({ default: false, tooltip: "Give the values of all iterations, not of the last alone." }),
  terminations: optional(
    grow(lazy(any({ tooltip: "Runs in every iteration; its value is not used." })), { prefix: "termination", max: 50 }),
  ),
};

/**
 * ComfyUI's End Loop, which runs the loop: see `runLoop`. It gives the last iteration's value, or with `accumulate` a
 * list of all of them. A loop that runs zero times gives an empty list, or blocks what depends on it.
 */
export const endLoop = defineNode({
  id: "EndLoop",
  title: "End Loop",
  category: "looping",
  doc: "Ends a loop, and gives the value of its last iteration or of all.",
  inputs: { ...endInputs, prompt: hidden.prompt, graph: hidden.dynamicPrompt },
  outputs: { outputs: each(ANY) },
  run: async ({ accumulate, prompt, graph }, ctx) => {
    const found = await around(ctx.node, prompt, graph);
    return runLoop(ctx.node, { ...found, starts: new Map(), resolve: (id) => id }, accumulate, ctx);
  },
});

/** A Start Loop of an inner loop, in an iteration of the outer: only its links matter, the inner End Loop does the rest. */
export const innerStartLoop = defineNode({
  id: INNER_START,
  category: "looping",
  doc: "Start Loop of an inner loop.",
  internal: true,
  inputs: startInputs,
  outputs: startOutputs,
  version: startVersion,
  run: nothing,
});

/** An End Loop of an inner loop, in an iteration of the outer. */
export const innerEndLoop = defineNode({
  id: INNER_END,
  category: "looping",
  doc: "End Loop of an inner loop.",
  internal: true,
  inputs: { ...endInputs, loop: link(socket<Inner>("MEZZOTINT_LOOP")) },
  outputs: { outputs: each(ANY) },
  run: ({ accumulate, loop }, ctx) => runLoop(loop.end, innerScope(loop, ctx.node), accumulate, ctx),
});
