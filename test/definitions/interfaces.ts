import type { InputDefinition, NodeDefinition } from "@mezzotint/engine";

/** An input of core-nodes.json; see tables.mjs. */
export interface TableInput {
  readonly name: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly lazy?: boolean;
  readonly open?: boolean;
  readonly forced?: boolean;
  readonly control?: boolean;
  readonly upload?: boolean;
  readonly default?: string | boolean;
  readonly min?: string;
  readonly max?: string;
  readonly step?: string;
  readonly choices?: readonly string[];
  readonly files?: boolean;
  readonly grow?: { readonly prefix: string; readonly min: number; readonly max: number };
  readonly branches?: Readonly<Record<string, readonly TableInput[]>>;
}

/** A class of core-nodes.json. */
export interface TableRow {
  readonly class: string;
  readonly inputs: readonly TableInput[];
  readonly hidden: readonly string[];
  readonly outputs: readonly { readonly type: string; readonly name?: string; readonly list?: boolean }[];
  readonly output: boolean;
  readonly deprecated: boolean;
}

const WIDGETS = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"]);

/** Numbers as text: doubles at their shortest, integers to the last digit. */
export function plain(value: unknown, type: string): unknown {
  // A text without a default starts as an empty one.
  if (value === "") return undefined;
  if (typeof value === "bigint") return String(value);
  if (type === "INT") return value === undefined ? undefined : String(BigInt(value as string | number));
  if (type === "FLOAT") return value === undefined ? undefined : String(Number(value));
  return value;
}

/** A class as the table has it, in the words of `actual`. */
export const expected = ({ class: id, inputs, hidden, outputs, output, deprecated }: TableRow) => ({
  id,
  inputs: inputs.map(wanted),
  hidden: hidden.map((name) => name.toUpperCase()).sort(),
  outputs: outputs.map(({ type, name = type, list = false }) => ({ name, type, list })),
  output,
  deprecated,
});

function wanted(input: TableInput): unknown {
  const { name, type, branches, files = false } = input;
  const choices = branches === undefined ? input.choices : Object.keys(branches);
  return {
    name,
    type,
    optional: input.optional ?? false,
    lazy: input.lazy ?? false,
    slot: input.forced === true || !WIDGETS.has(type),
    control: input.control ?? false,
    upload: input.upload ?? false,
    files,
    default: plain(input.default ?? choices?.[0], type),
    min: plain(input.min, type),
    max: plain(input.max, type),
    step: plain(input.step, "FLOAT"),
    choices: files ? undefined : choices,
    grow: input.grow,
    branches:
      branches && Object.fromEntries(Object.entries(branches).map(([key, inside]) => [key, inside.map(wanted)])),
  };
}

/** A node as it describes itself, in the words of the table that it is compared with. */
export const actual = ({ id, inputs, outputs, output, deprecated }: NodeDefinition, row: TableRow) => ({
  id,
  inputs: Object.entries(inputs).flatMap(([name, input]) => {
    const fromFolder = row.inputs.some((other) => other.name === name && other.files);
    return input.hidden ? [] : [given(name, input, fromFolder)];
  }),
  hidden: Object.values(inputs)
    .flatMap((input) => input.hidden ?? [])
    .sort(),
  outputs: Object.entries(outputs).map(([name, { type, list = false }]) => ({ name, type, list })),
  output: output ?? false,
  deprecated: deprecated ?? false,
});

function given(name: string, input: InputDefinition, fromFolder = false): unknown {
  const { type, options = {}, choices = [], branches } = input;
  // Samplers are listed at run time too, since packs may bring some; but their list is in the tables.
  const files = input.dynamic === true && fromFolder;
  return {
    name,
    type,
    optional: input.optional ?? false,
    lazy: input.lazy ?? false,
    slot: input.link === true || options.forceInput === true,
    control: options.control_after_generate ?? false,
    upload: options.image_upload ?? false,
    files,
    default: plain(options.default ?? (files ? undefined : choices[0]), type),
    min: plain(options.min, type),
    max: plain(options.max, type),
    step: plain(options.step, "FLOAT"),
    choices: files || choices.length === 0 ? undefined : choices,
    grow: input.grow,
    branches:
      branches &&
      Object.fromEntries(
        Object.entries(branches).map(([key, inside]) => [
          key,
          Object.entries(inside).map(([own, of]) => given(own, of)),
        ]),
      ),
  };
}
