import type { Definitions, InputDefinition, Prompt } from "@mezzotint/engine";
import { z } from "zod";
import { Failure, messageOf } from "../failure.js";
import { type Bounds, checkBounds, inputValue } from "./input-value.js";
import { findInput, hasWidget, isCall, listed, type NodeInput, ownInputs, withInput } from "./node-inputs.js";

/** Something that a caller of a workflow may set, by name. */
export interface Parameter extends Bounds {
  readonly name: string;
  /** The inputs that get its value; the first one says what type it has. */
  readonly targets: readonly Required<NodeInput>[];
  readonly description?: string | undefined;
  /** Without it, the value that the workflow holds. */
  readonly default?: unknown;
  readonly required: boolean;
}

const Target = z.string().min(1).max(500);
const Entry = z.preprocess(
  (entry) => (typeof entry === "string" ? { to: entry } : entry),
  z.strictObject({
    /** `node.input`, or several. */
    to: z.union([Target, z.array(Target).min(1).max(100)]).optional(),
    node: z.union([Target, z.int()]).optional(),
    input: Target.optional(),
    type: z.enum(["integer", "number", "boolean", "string"]).optional(),
    description: z.string().max(2000).optional(),
    default: z.unknown().optional(),
    required: z.boolean().default(false),
    min: z.union([z.number(), z.bigint()]).optional(),
    max: z.union([z.number(), z.bigint()]).optional(),
    choices: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional(),
  }),
);
const Block = z.record(z.string().min(1).max(200), Entry);

type Entry = z.infer<typeof Entry>;

/** JSON Schema's names for the types that values have. */
const TYPES: Readonly<Record<string, string>> = { INT: "integer", FLOAT: "number", BOOLEAN: "boolean" };

/** The JSON type of an input's values. */
export const jsonType = ({ type }: InputDefinition): string => TYPES[type] ?? "string";

/**
 * The parameters that the `inputs` block of a workflow declares: `{"name": "node.input"}`, or `{"name": {"node", "input",
 * "description", "default", …}}`. Throws a `Failure` that names the entry that is wrong.
 */
export function declaredParameters(block: unknown, prompt: Prompt, definitions: Definitions): readonly Parameter[] {
  const read = Block.safeParse(block);
  if (!read.success) {
    const [{ path, message } = { path: [], message: "" }] = read.error.issues;
    throw new Failure(`the inputs block of the workflow is not usable: ${path.join(".") || "inputs"}: ${message}`);
  }
  return Object.entries(read.data).map(([name, entry]) => {
    try {
      return declared(name, entry, prompt, definitions);
    } catch (cause) {
      throw new Failure(`the inputs block of the workflow declares "${name}" wrongly: ${messageOf(cause)}`, { cause });
    }
  });
}

function declared(name: string, entry: Entry, prompt: Prompt, definitions: Definitions): Parameter {
  const targets = targetsOf(entry).map((target) => known(findInput(prompt, definitions, target), prompt));
  const { definition } = targets[0]!;
  const { type, default: value, required, to: _to, node: _node, input: _input, ...more } = entry;
  if (type !== undefined && type !== jsonType(definition))
    throw new Failure(`it says the type is ${type}, and the input's is ${jsonType(definition)}`);
  const parameter: Parameter = { name, targets, ...boundsOf(definition), ...more, required };
  return value === undefined ? parameter : { ...parameter, default: valueFor(parameter, value) };
}

function targetsOf({ to, node, input }: Entry): readonly string[] {
  if (to !== undefined) return typeof to === "string" ? [to] : to;
  if (node === undefined) throw new Failure('say which input it sets: "node" and "input", or "to": "node.input"');
  return [input === undefined ? String(node) : `${node}.${input}`];
}

function known({ id, input, definition }: NodeInput, prompt: Prompt): Required<NodeInput> {
  if (definition === undefined) throw new Failure(`no installed pack has a node type "${prompt[id]?.class_type}"`);
  if (!hasWidget(definition)) throw new Failure(`a value of type ${definition.type} can only come from a link`);
  return { id, input, definition };
}

/** The bounds that a node sets; choices that change (files of a folder) are left to validation, which looks again. */
const boundsOf = ({ options, choices, dynamic, open }: InputDefinition): Bounds => ({
  ...(options?.min !== undefined && { min: options.min }),
  ...(options?.max !== undefined && { max: options.max }),
  ...(choices !== undefined && !dynamic && !open && { choices }),
});

/**
 * The parameters of a workflow without an `inputs` block: each value of each node, by title (`Positive prompt.text`), or
 * by id where no title tells it apart; and by the title alone where the node has one value.
 */
export function titledParameters(prompt: Prompt, definitions: Definitions): readonly Parameter[] {
  return Object.entries(prompt).flatMap(([id, node]) => {
    const definition = isCall(node) ? definitions.get(node.class_type) : undefined;
    if (!isCall(node) || !definition) return [];
    const title = node._meta?.title;
    const own = ownInputs(node, definition);
    const name = typeof title === "string" && title !== "" && isOnly(prompt, title) ? title : id;
    return own.map((input) => {
      const target = { id, input, definition: definition.inputs[input]! };
      const short = own.length === 1 && name !== id ? name : `${name}.${input}`;
      return { name: short, targets: [target], ...boundsOf(target.definition), required: false };
    });
  });
}

const isOnly = (prompt: Prompt, title: string): boolean =>
  !Object.hasOwn(prompt, title) && Object.values(prompt).filter((node) => node?._meta?.title === title).length === 1;

/** Reads a value for a parameter. Throws a `Failure` that says what is wrong with it. */
function valueFor(parameter: Parameter, given: unknown): unknown {
  const value = inputValue(given, parameter.targets[0]!.definition);
  checkBounds(value, parameter);
  return value;
}

/** Puts a value wherever a parameter says. */
const setParameter = (prompt: Prompt, { targets }: Parameter, value: unknown): Prompt =>
  targets.reduce((changed, target) => withInput(changed, target, value), prompt);

/** A workflow with values given by name, or what is wrong with each. */
export type Filled = { readonly prompt: Prompt } | { readonly wrong: Readonly<Record<string, string>> };

/**
 * Fills in named values. Without a block, any `node.input` is a name; with one, those that it declares. Everything wrong
 * is told at once.
 */
export function fillIn(
  prompt: Prompt,
  definitions: Definitions,
  values: Readonly<Record<string, unknown>>,
  block?: unknown,
): Filled {
  const parameters = block === undefined ? undefined : declaredParameters(block, prompt, definitions);
  const wrong = new Map<string, string>();
  let filled = prompt;
  for (const [name, given] of Object.entries(values)) {
    try {
      const parameter = parameters ? namedIn(parameters, name) : titled(prompt, definitions, name);
      filled = setParameter(filled, parameter, valueFor(parameter, given));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      wrong.set(name, error.message);
    }
  }
  for (const parameter of parameters ?? []) {
    const { name, default: value, required } = parameter;
    if (Object.hasOwn(values, name)) continue;
    if (required) wrong.set(name, "it is required");
    else if (value !== undefined) filled = setParameter(filled, parameter, value);
  }
  return wrong.size > 0 ? { wrong: Object.fromEntries(wrong) } : { prompt: filled };
}

function namedIn(parameters: readonly Parameter[], name: string): Parameter {
  const found = parameters.find((parameter) => parameter.name === name);
  if (found) return found;
  throw new Failure(`this workflow has no input of this name; it has ${listed(parameters.map((one) => one.name))}`);
}

function titled(prompt: Prompt, definitions: Definitions, name: string): Parameter {
  const target = known(findInput(prompt, definitions, name), prompt);
  return { name, targets: [target], ...boundsOf(target.definition), required: false };
}
