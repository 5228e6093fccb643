import { choiceOf, defineNode, INT, int, optional, STRING } from "@mezzotint/engine";

/**
 * ComfyUI's CustomCombo. Its choices are widgets of the editor (`option1`, …), which no definition lists: any choice is
 * taken, and the place among them that the editor stored with it.
 */
export const customCombo = defineNode({
  id: "CustomCombo",
  title: "Custom Combo",
  category: "utilities",
  doc: "A choice from a list that you write.",
  experimental: true,
  inputs: {
    choice: choiceOf(() => [], { open: true }),
    index: optional(int({ default: 0, tooltip: "The place of the choice, from 0." })),
  },
  outputs: { STRING, INDEX: INT },
  run: ({ choice, index = 0 }) => ({ STRING: choice, INDEX: index }),
});
