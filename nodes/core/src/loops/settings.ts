import { any, bool, branch, defineNode, int, list, socket } from "@mezzotint/engine";

/** More iterations than this are taken for a mistake. */
export const MAX_ITERATIONS = 100_000;

/** What a loop runs over, once its Start Loop's inputs are known. */
export interface Settings {
  readonly count: number;
  /** `iteration_index` of the first iteration, and what each adds to it. */
  readonly first: number;
  readonly step: number;
  /** In List mode, `list_item` of each iteration. */
  readonly items: readonly unknown[] | undefined;
  /** Iterations that were the same in an earlier run are taken from the cache. */
  readonly cached: boolean;
}

/** The three ways to count, as ComfyUI's Start Loop has them. */
export const mode = branch(
  {
    simple: { num_iterations: int({ default: 4, min: 0, tooltip: "How many times the loop runs." }) },
    For: {
      start_iteration_index: int({ default: 0, tooltip: "iteration_index of the first iteration." }),
      max_iteration: int({ default: 4, tooltip: "The loop ends before iteration_index reaches this." }),
      step: int({ default: 1, min: 1, tooltip: "What each iteration adds to iteration_index." }),
    },
    List: { list: list(any({ tooltip: "The loop runs once per item." })) },
  },
  { default: "simple", tooltip: "What the loop counts." },
);

/** Whether iterations may come from the cache; off, as in ComfyUI, unless the workflow says otherwise. */
export const cacheIterations = bool({
  default: false,
  tooltip: "Take iterations that have not changed from earlier runs. Otherwise every run makes all of them again.",
});

type Mode = NonNullable<(typeof mode)["_value"]>;

function settings(chosen: Mode, cached: boolean): Settings {
  switch (chosen.choice) {
    case "simple":
      return { count: chosen.num_iterations, first: 0, step: 1, items: undefined, cached };
    case "For": {
      const { start_iteration_index: first, max_iteration, step } = chosen;
      return { count: Math.max(0, Math.ceil((max_iteration - first) / step)), first, step, items: undefined, cached };
    }
    case "List": {
      // A single array on the link is as good as a list of items.
      const [only] = chosen.list;
      const items = chosen.list.length === 1 && Array.isArray(only) ? only : chosen.list;
      return { count: items.length, first: 0, step: 1, items, cached };
    }
  }
}

/** Reads the inputs of a Start Loop for the End Loop that runs it. */
export const loopSettings = defineNode({
  id: "MezzotintLoopSettings",
  category: "looping",
  doc: "What a loop runs over.",
  internal: true,
  inputs: { mode, cache_iterations: cacheIterations },
  outputs: { settings: socket<Settings>("MEZZOTINT_LOOP_SETTINGS") },
  run: (inputs) => {
    const read = settings(inputs.mode, inputs.cache_iterations);
    if (inputs.mode.choice === "For" && !(inputs.mode.step >= 1)) throw new Error("the step of a loop is at least 1");
    if (read.count > MAX_ITERATIONS) {
      const [count, most] = [read.count, MAX_ITERATIONS].map((n) => n.toLocaleString("en-US"));
      throw new Error(`the loop would run ${count} times; the limit is ${most}: split it, or make each step larger`);
    }
    return { settings: read };
  },
});
