import { BOOLEAN, bool, defineNode, FLOAT, float, INT, integer, STRING, text } from "@mezzotint/engine";

/** The largest integer of ComfyUI's widgets, 2^63 - 1. */
const MAX = 0x7fff_ffff_ffff_ffffn;

/** ComfyUI's PrimitiveInt. */
export const primitiveInt = defineNode({
  id: "PrimitiveInt",
  title: "Int",
  category: "utils/primitive",
  doc: "An integer.",
  inputs: { value: integer({ min: -MAX, max: MAX, control_after_generate: true }) },
  outputs: { INT },
  // Integers are numbers on links; only those that a number cannot hold stay bigints, which seeds take too.
  run: ({ value }) => ({ INT: (Number.isSafeInteger(Number(value)) ? Number(value) : value) as number }),
});

/** ComfyUI's PrimitiveFloat. */
export const primitiveFloat = defineNode({
  id: "PrimitiveFloat",
  title: "Float",
  category: "utils/primitive",
  doc: "A number.",
  inputs: { value: float({ min: -Number(MAX), max: Number(MAX) }) },
  outputs: { FLOAT },
  run: ({ value }) => ({ FLOAT: value }),
});

/** ComfyUI's PrimitiveString. */
export const primitiveString = defineNode({
  id: "PrimitiveString",
  title: "String",
  category: "utils/primitive",
  doc: "A line of text.",
  inputs: { value: text() },
  outputs: { STRING },
  run: ({ value }) => ({ STRING: value }),
});

/** ComfyUI's PrimitiveStringMultiline. */
export const primitiveStringMultiline = defineNode({
  id: "PrimitiveStringMultiline",
  title: "String (Multiline)",
  category: "utils/primitive",
  doc: "A text of several lines.",
  inputs: { value: text({ multiline: true }) },
  outputs: { STRING },
  run: ({ value }) => ({ STRING: value }),
});

/** ComfyUI's PrimitiveBoolean. */
export const primitiveBoolean = defineNode({
  id: "PrimitiveBoolean",
  title: "Boolean",
  category: "utils/primitive",
  doc: "Yes or no.",
  inputs: { value: bool() },
  outputs: { BOOLEAN },
  run: ({ value }) => ({ BOOLEAN: value }),
});
