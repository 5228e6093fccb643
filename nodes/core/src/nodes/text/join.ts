import { defineNode, STRING, text } from "@mezzotint/engine";

/** ComfyUI's StringConcatenate. */
export const stringConcatenate = defineNode({
  id: "StringConcatenate",
  title: "Concatenate",
  category: "utils/string",
  doc: "Joins two texts with a third between them.",
  inputs: {
    string_a: text({ multiline: true }),
    string_b: text({ multiline: true }),
    delimiter: text({ default: "" }),
  },
  outputs: { STRING },
  run: ({ string_a, string_b, delimiter }) => ({ STRING: string_a + delimiter + string_b }),
});
