import type { Awaitable } from "./awaitable.js";
import type { Prompt, PromptNode } from "./prompt.js";
import type { Use } from "./service.js";
import { ANY, BOOLEAN, FLOAT, INT, type Socket, STRING } from "./socket.js";

/** Values that the run fills in, invisible to editors. */
export type HiddenName = "UNIQUE_ID" | "PROMPT" | "DYNPROMPT" | "EXTRA_PNGINFO";

/** How a literal is checked and how an editor shows it. Names are ComfyUI's. */
export interface InputOptions {
  readonly default?: unknown;
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  readonly step?: number;
  readonly multiline?: boolean;
  readonly tooltip?: string;
  /** An editor offers a value that changes by itself after each run (seeds). */
  readonly control_after_generate?: boolean;
  /** An editor offers to upload an image into the input folder. */
  readonly image_upload?: boolean;
  readonly dynamicPrompts?: boolean;
  readonly advanced?: boolean;
  /** The widget starts as a slot. */
  readonly forceInput?: boolean;
}

/** One input as plain data. */
export interface InputDefinition {
  /** Socket type; `COMBO` for a choice, several joined by commas, `*` for any. */
  readonly type: string;
  readonly optional?: boolean;
  readonly lazy?: boolean;
  /** Takes the whole list that arrives, where other inputs are called once per item. */
  readonly list?: boolean;
  readonly hidden?: HiddenName;
  /** No widget: only a link can fill it. */
  readonly link?: boolean;
  /** Integers are read as bigints (seeds). */
  readonly bigint?: boolean;
  /** The choices of a COMBO. */
  readonly choices?: readonly string[];
  /** The choices are a snapshot (the files of a folder): ask again before refusing a literal. */
  readonly dynamic?: boolean;
  /** A literal outside `choices` is let through, because the node's own `check` knows better. */
  readonly open?: boolean;
  /** Any number of like inputs, named `<input>.<prefix>0`, `<input>.<prefix>1`, … */
  readonly grow?: { readonly prefix: string; readonly min: number; readonly max: number };
  /** A choice that brings inputs of its own, named `<input>.<name>`. Keyed by the choice. */
  readonly branches?: Readonly<Record<string, Readonly<Record<string, InputDefinition>>>>;
  readonly options?: InputOptions;
}

/** One named input of a node: its socket, how to read a literal, and how an editor shows it. */
export interface Input<T> extends Omit<InputDefinition, "choices" | "branches"> {
  /** A function when the choices are known only to the process that runs nodes, e.g. the files of a folder. */
  readonly choices?: readonly string[] | ((use: Use) => Awaitable<readonly string[]>);
  readonly branches?: Readonly<Record<string, Readonly<Record<string, Input<unknown>>>>>;
  /** Never set; carries `T` for inference. */
  readonly _value?: T;
}

type IntegerOptions = Pick<InputOptions, "tooltip" | "advanced" | "control_after_generate"> & {
  default?: number | bigint;
  min?: number | bigint;
  max?: number | bigint;
};

type NumberOptions = Pick<InputOptions, "step" | "tooltip" | "advanced" | "forceInput" | "control_after_generate"> & {
  default?: number;
  min?: number;
  max?: number;
};

/** An integer literal or link; refused beyond 2^53, where a number is no longer exact. */
export const int = (options: NumberOptions = {}): Input<number> => ({ type: INT.type, options });

/** A 64-bit integer literal or link. It arrives as a bigint. */
export const integer = (options: IntegerOptions = {}): Input<bigint> => ({ type: INT.type, bigint: true, options });

/** A 64-bit seed, 0 to 2^64 - 1. It arrives as a bigint; an editor may change it after each run. */
export const seed = (options: { tooltip?: string } = {}): Input<bigint> => ({
  type: INT.type,
  bigint: true,
  options: { default: 0, min: 0, max: 0xffff_ffff_ffff_ffffn, control_after_generate: true, ...options },
});

/** A floating-point literal or link. NaN and infinities are refused. */
export const float = (options: NumberOptions = {}): Input<number> => ({ type: FLOAT.type, options });

/** A text literal or link. */
export const text = (
  options: Pick<InputOptions, "multiline" | "tooltip" | "dynamicPrompts" | "forceInput"> & { default?: string } = {},
): Input<string> => ({ type: STRING.type, options });

/** A yes-or-no literal or link. */
export const bool = (options: { default?: boolean; tooltip?: string } = {}): Input<boolean> => ({
  type: BOOLEAN.type,
  options,
});

/** A choice from a fixed list; the value has the type of the list's items. The first is the default. */
export const choice = <const V extends string>(
  choices: readonly V[],
  options: { default?: V; tooltip?: string } = {},
): Input<V> => ({ type: "COMBO", choices, options });

/** A choice that only the running process can list, such as a model file. `open`: the node's `check` decides. */
export const choiceOf = (
  choices: (use: Use) => Awaitable<readonly string[]>,
  { open = false, ...options }: { open?: boolean; tooltip?: string; image_upload?: boolean } = {},
): Input<string> => ({ type: "COMBO", choices, dynamic: true, open, options });

/** An input that only a link can fill. */
export const link = <T>(socket: Socket<T>, options: { tooltip?: string } = {}): Input<T> => ({
  type: socket.type,
  link: true,
  options,
});

/** A link of any type. */
export const any = (options: { tooltip?: string } = {}): Input<unknown> => link(ANY, options);

/** Adds a flag. Only one nesting order has one meaning, from the inside out: list, lazy, grow, optional. */
function wrap<T>(
  input: Input<unknown>,
  flag: Partial<InputDefinition>,
  inside: readonly (keyof InputDefinition)[],
): Input<T> {
  const outer = inside.find((name) => input[name]);
  if (outer) throw new Error(`${Object.keys(flag)[0]}() goes inside ${outer}(), not around it`);
  return { ...input, ...flag } as Input<T>;
}

/** An input that may be left empty. */
export const optional = <T>(input: Input<T>): Input<T | undefined> => wrap(input, { optional: true }, []);

/** An input computed only if the node asks: it arrives as a function. Its literal and its widget are as before. */
export const lazy = <T>(input: Input<T>): Input<() => Promise<T>> => wrap(input, { lazy: true }, ["grow", "optional"]);

/** An input that takes the whole list that arrives (ComfyUI's INPUT_IS_LIST, for one input). */
export const list = <T>(input: Input<T>): Input<readonly T[]> =>
  wrap(input, { list: true }, ["lazy", "grow", "optional"]);

/** Any number of like inputs; they arrive as an array. In prompts they are named `<input>.<prefix>0` and so on. */
export const grow = <T>(
  input: Input<T>,
  { prefix, min = 0, max = 100 }: { prefix: string; min?: number; max?: number },
): Input<readonly T[]> => wrap(input, { grow: { prefix, min, max } }, ["optional"]);

type Branch<B> = {
  [C in keyof B]: { readonly choice: C } & { readonly [K in keyof B[C]]: B[C][K] extends Input<infer T> ? T : never };
}[keyof B];

/** A choice that brings inputs of its own: `{ choice: "list", items }`. In prompts they are named `<input>.<name>`. */
export const branch = <const B extends Readonly<Record<string, Readonly<Record<string, Input<unknown>>>>>>(
  branches: B,
  options: { default?: string & keyof B; tooltip?: string } = {},
): Input<Branch<B>> =>
  ({ type: "COMFY_DYNAMICCOMBO_V3", choices: Object.keys(branches), branches, options }) as unknown as Input<Branch<B>>;

/** The graph that runs, with what expansions added so far. */
export interface DynamicPrompt {
  readonly get: (id: string) => Awaitable<PromptNode | undefined>;
  readonly ids: () => Awaitable<readonly string[]>;
}

/** Inputs that the run fills in. */
export const hidden = {
  /** The step's own id. It joins the cache key, as in ComfyUI. */
  nodeId: { type: "UNIQUE_ID", hidden: "UNIQUE_ID" } as Input<string>,
  /** The prompt as it was submitted. It does not join the cache key. */
  prompt: { type: "PROMPT", hidden: "PROMPT" } as Input<Prompt | undefined>,
  /** The prompt with its expansions. It does not join the cache key. */
  dynamicPrompt: { type: "DYNPROMPT", hidden: "DYNPROMPT" } as Input<DynamicPrompt>,
  /** What an editor wants stored in pictures, e.g. the saved workflow. It does not join the cache key. */
  extraPngInfo: { type: "EXTRA_PNGINFO", hidden: "EXTRA_PNGINFO" } as Input<
    Readonly<Record<string, unknown>> | undefined
  >,
};
