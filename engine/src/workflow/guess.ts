import { isRecord, own } from "./records.js";
import type { NodeView } from "./view.js";
import { fits, isControl } from "./widgets.js";

/**
 * The widget values of a node whose class is unknown, by what the file itself says: values by name, or else the
 * inputs that have a widget, in their order. How many values could not be given a name is counted.
 */
export function guessValues(node: NodeView): {
  readonly values: ReadonlyMap<string, unknown>;
  readonly nameless: number;
} {
  const values = new Map<string, unknown>();
  const named = node.named ?? (isRecord(node.values) ? node.values : undefined);
  if (named) {
    for (const name of Object.keys(named)) {
      const value = own(named, name);
      if (value !== null && !isExtra(name, value)) values.set(name, value);
    }
    return { values, nameless: 0 };
  }
  if (!Array.isArray(node.values)) return { values, nameless: 0 };
  const stored: readonly unknown[] = node.values;
  let used = 0;
  for (const { widget, type } of node.inputs) {
    if (widget === undefined) continue;
    // Newer editors leave widgets that nothing feeds out of the inputs: a value may be of one that is not there.
    while (used < stored.length && !mayBe(stored[used], type)) used++;
    if (used >= stored.length) break;
    const value = stored[used++];
    if (value !== null) values.set(widget, value);
    if (isControl(stored[used]) && (typeof value === "number" || typeof value === "bigint")) used++;
  }
  const told = stored.filter((value) => value !== null && !isControl(value)).length;
  return { values, nameless: Math.max(0, told - values.size) };
}

/** Whether a value's kind can be that of an input. Choices may be of any kind. */
const mayBe = (value: unknown, type: string): boolean => value === null || type === "COMBO" || fits(value, { type });

/** Values that are the editor's own: what happens to a seed after a run, and the upload button's. */
const isExtra = (name: string, value: unknown): boolean =>
  (isControl(value) && (/^control_after_generate(#\d+)?$/.test(name) || isControl(name))) ||
  (name === "upload" && value === "image");
