import { ANY, any, defineNode, each, grow, list } from "@mezzotint/engine";
import { MAX_ITERATIONS } from "./settings.js";

/** Joins what the iterations of a loop gave into one list. */
export const loopResult = defineNode({
  id: "MezzotintLoopResult",
  category: "looping",
  doc: "The values of all iterations, one by one.",
  internal: true,
  inputs: { values: grow(list(any()), { prefix: "value", max: MAX_ITERATIONS }) },
  outputs: { outputs: each(ANY) },
  run: ({ values }) => ({ outputs: values.flat() }),
});
