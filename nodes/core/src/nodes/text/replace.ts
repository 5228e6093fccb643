import { defineNode, STRING, text } from "@mezzotint/engine";

/** ComfyUI's StringReplace: every occurrence; an empty `find` occurs before and after each character. */
export const stringReplace = defineNode({
  id: "StringReplace",
  title: "Replace",
  category: "utils/string",
  doc: "Replaces every occurrence of one text by another.",
  inputs: {
    string: text({ multiline: true }),
    find: text({ multiline: true }),
    replace: text({ multiline: true }),
  },
  outputs: { STRING },
  run: ({ string, find, replace }) => {
    // A character is a code point, as in Python, not half a surrogate pair.
    const parts = find === "" ? ["", ...string, ""] : string.split(find);
    return { STRING: parts.join(replace) };
  },
});
