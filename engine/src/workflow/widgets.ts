import type { InputDefinition } from "../run/inputs.js";
import type { NodeDefinition } from "../run/node.js";

/** An input that an editor shows as a widget. Its place among a node's widgets is its place in `widgets_values`. */
export interface Widget {
  /** The input's name; inside a dynamic combo it is `<combo>.<name>`. */
  readonly name: string;
  readonly input: InputDefinition;
  /** One more value may follow, what happens to this one after each run: `fixed`, `randomize`, … */
  readonly control: boolean;
  /** One more value may follow, the upload button's. */
  readonly upload: boolean;
  /** The widgets that each choice of a dynamic combo brings; they follow it at once. */
  readonly branches?: ReadonlyMap<string, readonly Widget[]>;
}

const lists = new WeakMap<NodeDefinition, readonly Widget[]>();

/** The widgets of a node in the order of `widgets_values`: required inputs, then optional ones, as declared. */
export function widgetsOf(definition: NodeDefinition): readonly Widget[] {
  const known = lists.get(definition);
  if (known) return known;
  const widgets = widgetsIn(definition.inputs, "");
  lists.set(definition, widgets);
  return widgets;
}

function widgetsIn(inputs: Readonly<Record<string, InputDefinition>>, prefix: string): readonly Widget[] {
  const entries = Object.entries(inputs).filter(([, input]) => isWidget(input));
  const ordered = [
    ...entries.filter(([, { optional }]) => !optional),
    ...entries.filter(([, { optional }]) => optional),
  ];
  return ordered.map(([name, input]) => ({
    name: prefix + name,
    input,
    control: isSeed(name, input),
    upload: input.options?.image_upload === true,
    ...(input.branches && {
      branches: new Map(
        Object.entries(input.branches).map(([choice, inside]) => [choice, widgetsIn(inside, `${prefix}${name}.`)]),
      ),
    }),
  }));
}

const TYPES = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);

/** Whether an editor shows an input as a widget. Groups that grow hold as many as the file says. */
function isWidget(input: InputDefinition): boolean {
  if (input.hidden || input.link || input.grow || input.options?.forceInput) return false;
  return TYPES.has(input.type) || input.choices !== undefined || input.branches !== undefined;
}

/** Whether an editor offers to change an input's value after each run. `name` is the last part of dotted names. */
const isSeed = (name: string, { type, options }: InputDefinition): boolean =>
  options?.control_after_generate ?? (type === "INT" && (name === "seed" || name === "noise_seed"));

const CONTROLS = new Set<unknown>(["fixed", "increment", "decrement", "randomize", "increment-wrap"]);

/** Whether a stored value says what happens to the value before it after each run. */
export const isControl = (value: unknown): boolean => CONTROLS.has(value);

/** What an input is when a file says nothing; nothing for files, whose list differs from machine to machine. */
export function defaultOf(input: InputDefinition): unknown {
  if (!isWidget(input)) return undefined;
  const { options, choices, dynamic } = input;
  return options?.default ?? (dynamic ? undefined : choices?.[0]) ?? undefined;
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/** Whether a stored value can be one of an input: by kind alone, its range and choices are checked when it runs. */
export function fits(value: unknown, input: InputDefinition): boolean {
  if (input.choices || input.branches) return typeof value === "string";
  return input.type.split(",").some((type) => fitsType(value, type.trim(), input.link === true));
}

function fitsType(value: unknown, type: string, link: boolean): boolean {
  const kind = typeof value;
  switch (type) {
    case "INT":
    case "FLOAT":
      return kind === "number" || kind === "bigint" || (kind === "string" && isNumeric(value as string));
    case "BOOLEAN":
      return kind === "boolean";
    case "COMBO":
      return kind === "string";
    case "STRING":
      return kind === "string" || kind === "number" || kind === "bigint" || kind === "boolean";
    case "*":
      return true;
    default:
      return !link;
  }
}

const isNumeric = (text: string): boolean => text.length <= 400 && NUMBER.test(text);
