import { any, BOOLEAN, defineNode, grow } from "@mezzotint/engine";

/**
 * Whether a value counts as true, by Python's rules: not nothing, false, zero, an empty text, an empty list or an object
 * without entries. A tensor is true, where Python would refuse one of several values.
 */
function isTrue(value: unknown): boolean {
  if (typeof value === "number") return value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.keys(value).length > 0;
  }
  return Boolean(value);
}

const values = grow(any(), { prefix: "value", min: 1, max: 10 });

/** ComfyUI's ComfyAndNode. */
export const comfyAnd = defineNode({
  id: "ComfyAndNode",
  title: "And",
  category: "utilities/logic",
  doc: "Whether all values count as true.",
  aliases: ["all", "every"],
  inputs: { values },
  outputs: { BOOLEAN },
  run: ({ values: all }) => ({ BOOLEAN: all.every(isTrue) }),
});

/** ComfyUI's ComfyOrNode. */
export const comfyOr = defineNode({
  id: "ComfyOrNode",
  title: "Or",
  category: "utilities/logic",
  doc: "Whether any of the values counts as true.",
  aliases: ["any", "some"],
  inputs: { values },
  outputs: { BOOLEAN },
  run: ({ values: all }) => ({ BOOLEAN: all.some(isTrue) }),
});

/** ComfyUI's ComfyNotNode. */
export const comfyNot = defineNode({
  id: "ComfyNotNode",
  title: "Not",
  category: "utilities/logic",
  doc: "Whether a value does not count as true.",
  aliases: ["invert", "toggle", "negate", "flip boolean"],
  inputs: { value: any() },
  outputs: { BOOLEAN },
  run: ({ value }) => ({ BOOLEAN: !isTrue(value) }),
});
