import type { InputDefinition } from "../run/inputs.js";
import { own } from "./records.js";
import { fits, isControl, type Widget } from "./widgets.js";

/** A list of stored values, told apart by the widgets they belong to. */
export interface Aligned {
  readonly values: ReadonlyMap<string, unknown>;
  /** The place after the last value that was used. */
  readonly end: number;
  /** Widgets that the list is too short for. */
  readonly missing: readonly string[];
  /** Widgets whose value cannot be theirs. */
  readonly unfit: readonly string[];
  /** The dynamic combo whose choice is unknown: what follows it cannot be told apart. */
  readonly lost?: { readonly name: string; readonly choice: unknown };
}

/**
 * Gives each widget its value of a list in the order of widgets, which holds a few values more: what happens to a seed
 * after each run, and the upload button's. The list is read from a place on; `absent` names widgets with no place in it.
 */
export function align(
  widgets: readonly Widget[],
  stored: readonly unknown[],
  { from = 0, absent }: { readonly from?: number; readonly absent?: ReadonlySet<string> | undefined } = {},
): Aligned {
  const values = new Map<string, unknown>();
  const missing: string[] = [];
  const unfit: string[] = [];
  // The widgets still to come, the next one last.
  const open = widgets.toReversed();
  let used = from;
  for (let widget = open.pop(); widget; widget = open.pop()) {
    const { name, input, control, upload, branches } = widget;
    if (absent?.has(name)) continue;
    if (used >= stored.length) {
      missing.push(name);
      continue;
    }
    const value = stored[used++];
    values.set(name, value);
    if (value !== null && !fits(value, input)) unfit.push(name);
    if (control && isControl(stored[used])) used++;
    // Some nodes have other widgets between the file and its button, which then is left over at the end.
    if (upload && isButton(stored[used]) && !belongs(stored[used], open.at(-1)) && used < stored.length) used++;
    if (!branches) continue;
    const chosen = typeof value === "string" ? branches.get(value) : undefined;
    if (!chosen) return { values, end: used, missing, unfit, lost: { name, choice: value } };
    open.push(...chosen.toReversed());
  }
  return { values, end: used, missing, unfit };
}

const isButton = (value: unknown): boolean => typeof value === "string" || value === null;

function belongs(value: unknown, next: Widget | undefined): boolean {
  if (!next || value === null) return false;
  return next.input.choices ? next.input.choices.includes(value as string) : fits(value, next.input);
}

/** A stored value and the widget it belongs to. */
export interface Named {
  readonly name: string;
  readonly input: InputDefinition;
  readonly value: unknown;
}

/** Values by name, of those widgets that a node has. */
export function byName(widgets: readonly Widget[], stored: unknown): readonly Named[] {
  const values: Named[] = [];
  const open = widgets.toReversed();
  for (let widget = open.pop(); widget; widget = open.pop()) {
    const { name, input, branches } = widget;
    const value = own(stored, name);
    if (value === undefined || value === null) continue;
    values.push({ name, input, value });
    const chosen = typeof value === "string" ? branches?.get(value) : undefined;
    if (chosen) open.push(...chosen.toReversed());
  }
  return values;
}
