import { ANY, any, BOOLEAN, bool, defineNode, lazy, optional } from "@mezzotint/engine";

/** ComfyUI's ComfySwitchNode: only what is chosen is computed. A chosen side that is not linked gives nothing. */
export const comfySwitch = defineNode({
  id: "ComfySwitchNode",
  title: "If/Else Switch",
  category: "utilities/logic",
  doc: "Passes on one of two values; the other is not computed.",
  experimental: true,
  aliases: ["if", "then", "switch", "conditional", "branch"],
  inputs: { switch: bool(), on_false: optional(lazy(any())), on_true: optional(lazy(any())) },
  outputs: { output: ANY },
  run: async ({ switch: yes, on_true, on_false }) => ({ output: await (yes ? on_true : on_false)?.() }),
});

const VALUE = "Passed on, unless there is nothing.";

/** ComfyUI's ComfyPassOrNoneNode. */
export const comfyPassOrNone = defineNode({
  id: "ComfyPassOrNoneNode",
  title: "Pass or None",
  category: "utilities/logic",
  doc: "Passes on a value, or a default where there is none, and tells whether there was neither.",
  aliases: ["fallback", "null", "nothing", "empty", "blank"],
  inputs: {
    anything: optional(any({ tooltip: VALUE })),
    default: optional(any({ tooltip: "Takes the place of a value that is not there." })),
  },
  outputs: { output: ANY, is_none: BOOLEAN },
  run: ({ anything, default: fallback }) => {
    const output = anything ?? fallback ?? undefined;
    return { output, is_none: output === undefined };
  },
});
