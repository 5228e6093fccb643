import { plain, type TableRow } from "./interfaces.js";

/** An input as `/object_info` serves it: a type, or the choices of a list, and how an editor shows it. */
type ServedInput = readonly [type: string | readonly string[], options?: Readonly<Record<string, unknown>>];
type Section = Readonly<Record<string, ServedInput>>;
interface Sections {
  readonly required?: Section;
  readonly optional?: Section;
  readonly hidden?: Readonly<Record<string, unknown>>;
}

/** A class as `/object_info` serves it: the parts that the tables know. */
export interface ServedClass {
  readonly name: string;
  readonly input: Sections;
  readonly input_order: Readonly<Record<string, readonly string[]>>;
  readonly output: readonly string[];
  readonly output_is_list: readonly boolean[];
  readonly output_name: readonly string[];
  readonly output_node: boolean;
  readonly deprecated?: boolean;
}

const WIDGETS = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"]);

/** A class that a server answered, in the words of the table that it is compared with. */
export const served = (info: ServedClass, row: TableRow) => ({
  id: info.name,
  inputs: inputsIn(info.input, new Set(row.inputs.flatMap(({ name, files }) => (files ? [name] : [])))),
  hidden: Object.keys(info.input.hidden ?? {})
    .map((name) => name.toUpperCase())
    .sort(),
  outputs: info.output.map((type, at) => ({ name: info.output_name[at], type, list: info.output_is_list[at] })),
  output: info.output_node,
  deprecated: info.deprecated ?? false,
});

const inputsIn = ({ required = {}, optional = {} }: Sections, files: ReadonlySet<string> = new Set()): unknown[] => [
  ...Object.entries(required).map(([name, input]) => given(name, input, false, files.has(name))),
  ...Object.entries(optional).map(([name, input]) => given(name, input, true, files.has(name))),
];

/** What grows by itself, as ComfyUI describes it to editors: one input of it, and how many there may be. */
interface Template {
  readonly input: { readonly required: Section };
  readonly prefix: string;
  readonly min: number;
  readonly max: number;
}

function given(name: string, [type, options = {}]: ServedInput, optional: boolean, files: boolean): unknown {
  if (type === "COMFY_AUTOGROW_V3") {
    const { input, prefix, min, max } = options.template as Template;
    const [one = ["*"] as const] = Object.values(input.required);
    return {
      ...(given(name, one, optional, files) as object),
      lazy: options.lazy ?? false,
      grow: { prefix, min, max },
    };
  }
  const branches =
    type === "COMFY_DYNAMICCOMBO_V3"
      ? (options.options as readonly { readonly key: string; readonly inputs: Sections }[])
      : undefined;
  const [kind, choices] = typeof type === "string" ? [type, branches?.map(({ key }) => key)] : ["COMBO", type];
  return {
    name,
    type: kind,
    optional,
    lazy: options.lazy ?? false,
    slot: options.forceInput === true || !WIDGETS.has(kind),
    control: options.control_after_generate ?? false,
    upload: options.image_upload ?? false,
    files,
    default: plain(options.default ?? (files ? undefined : choices?.[0]), kind),
    min: plain(options.min, kind),
    max: plain(options.max, kind),
    step: plain(options.step, "FLOAT"),
    choices: files ? undefined : choices,
    grow: undefined,
    branches: branches && Object.fromEntries(branches.map(({ key, inputs }) => [key, inputsIn(inputs)])),
  };
}
