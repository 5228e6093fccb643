import { layoutOf } from "../run/layout.js";
import type { NodeDefinition } from "../run/node.js";
import { shown } from "../run/problems.js";
import { align, byName } from "./align.js";
import type { Finding } from "./findings.js";
import { isRecord, own, spelled } from "./records.js";
import type { NodeView } from "./view.js";
import { fits, isControl, widgetsOf } from "./widgets.js";

/** What a node's file says of its widgets, by input name. */
export interface Stored {
  readonly values: ReadonlyMap<string, unknown>;
  readonly remarks: readonly Remark[];
}

/** A finding about a node whose place is known elsewhere. */
export type Remark = Pick<Finding, "severity" | "code" | "message" | "input">;

/**
 * Reads the widget values of a node by its definition. Of values by place and by name that differ, those by place count
 * if every widget has a fitting one and nothing is over, as in ComfyUI's editor; else those by name.
 */
export function storedValues(node: NodeView, definition: NodeDefinition): Stored {
  const widgets = widgetsOf(definition);
  const remarks: Remark[] = [];
  const values = new Map<string, unknown>();
  let sound = false;
  if (Array.isArray(node.values)) {
    const aligned = align(widgets, node.values);
    for (const [name, value] of aligned.values) if (value !== null) values.set(name, value);
    const said = lengthRemarks(node.values, aligned);
    remarks.push(...said);
    sound = said.length === 0 && aligned.unfit.length === 0;
  } else if (isRecord(node.values)) {
    for (const { name, value } of byName(widgets, node.values)) values.set(name, value);
  }
  for (const { name, input, value } of byName(widgets, node.named)) {
    const placed = values.get(name);
    const usable = placed === undefined || (!sound && fits(value, input));
    if (placed !== undefined && !same(placed, value)) {
      const used = usable ? "the latter" : "the former";
      const message = `widgets_values has ${shown(placed)} for it, widgets_values_named ${shown(value)}; ${used} is used`;
      remarks.push({ severity: "note", code: "values-disagree", message, input: name });
    }
    if (usable) values.set(name, value);
  }
  for (const [name, value] of grownValues(node, definition)) values.set(name, value);
  return { values, remarks };
}

function lengthRemarks(stored: readonly unknown[], aligned: ReturnType<typeof align>): readonly Remark[] {
  const { lost, missing, end } = aligned;
  if (lost) {
    const message = `its choice ${shown(lost.choice)} is unknown, so the values after it cannot be told apart`;
    return [{ severity: "warning", code: "unknown-choice", message, input: lost.name }];
  }
  if (missing.length > 0) {
    const message = `widgets_values has ${stored.length} values, which is too few; missing: ${missing.slice(0, 10).join(", ")}`;
    return [{ severity: "note", code: "too-few-values", message }];
  }
  const surplus = stored
    .slice(end)
    .filter((value) => value !== null && value !== "image" && value !== "" && !isControl(value));
  if (surplus.length === 0) return [];
  const message = `widgets_values has ${stored.length} values, of which ${end} have a widget; the rest is left out`;
  return [{ severity: "note", code: "too-many-values", message }];
}

/** Groups that grow have as many widgets as the node has inputs of the group with one. */
function grownValues(node: NodeView, definition: NodeDefinition): ReadonlyMap<string, unknown> {
  const { inputs, plain } = layoutOf(definition);
  const values = new Map<string, unknown>();
  if (plain) return values;
  const groups = inputs.filter(([, { grow }]) => grow);
  for (const { name, widget } of node.inputs) {
    const value = widget === undefined ? undefined : own(node.named, widget);
    if (value !== undefined && groups.some(([group]) => name.startsWith(`${group}.`))) values.set(name, value);
  }
  return values;
}

const same = (a: unknown, b: unknown): boolean => a === b || (spelled(a) !== "" && spelled(a) === spelled(b));
