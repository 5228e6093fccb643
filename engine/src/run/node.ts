import type { Awaitable } from "./awaitable.js";
import type { Blocker } from "./blocker.js";
import type { Constant, Expansion } from "./expansion.js";
import type { Input, InputDefinition } from "./inputs.js";
import type { Service } from "./service.js";
import type { ItemOf, Socket } from "./socket.js";

/** One output of a node, as plain data. `list`: the node returns an array whose items travel one by one. */
export interface OutputDefinition {
  readonly type: string;
  readonly list?: boolean;
  readonly local?: boolean;
  readonly tooltip?: string;
}

/**
 * A node as plain data: all that planning, validating and drawing need. It survives JSON, so a process that
 * never loads a pack's code can still check a prompt. Inputs and outputs are in declaration order, which is the
 * order of saved workflows' widgets and slots.
 */
export interface NodeDefinition {
  /** The class name in prompts and saved workflows, e.g. `KSampler`. */
  readonly id: string;
  /** What editors show; `id` if absent. */
  readonly title?: string;
  readonly category: string;
  readonly doc: string;
  readonly inputs: Readonly<Record<string, InputDefinition>>;
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
  /** Runs even when nothing reads its outputs, e.g. saving an image. Only what such nodes need is run. */
  readonly output?: boolean;
  /** Slots the node holds while it runs: `gpu`, `cpu`, `net:<provider>`. Waiting for inputs holds none. */
  readonly resources?: readonly string[];
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  readonly aliases?: readonly string[];
  /** Made by expansions only; editors do not offer it. */
  readonly internal?: boolean;
  /** It checks its literals by code, so plans made from definitions alone may promise too much. Set when a pack is described. */
  readonly checked?: true;
  /** Who brings it; set when a pack is described. */
  readonly pack?: { readonly name: string; readonly version: string };
}

/** What a node shows, by kind (`images`, `text`, …), apart from its outputs. Plain data: it crosses processes. */
export type Shown = Readonly<Record<string, readonly unknown[]>>;

/** An encoded picture of work in progress. */
export interface Preview {
  readonly mime: "image/jpeg" | "image/png" | "image/webp";
  readonly bytes: Uint8Array;
  /** A result that is handed over, which no newer picture replaces. */
  readonly delivered?: true;
}

/** What a node may ask of the run it is part of. */
export interface RunContext {
  /** The id of the step that runs. */
  readonly node: string;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
  /** Present only while somebody watches: `ctx.preview?.(await render())` costs nothing otherwise. */
  readonly preview?: ((image: Preview) => void) | undefined;
  /** Hands a picture over to whoever follows the run, as a result that is kept nowhere else. Present while somebody does. */
  readonly deliver?: ((image: Preview) => void) | undefined;
  readonly show: (ui: Shown) => void;
  /**
   * Runs more node calls from inside this one, as often as it likes: loops are a `for`. The node's slots are lent out
   * meanwhile. What comes back can be passed into the next expansion, and keeps its cache key.
   */
  readonly expand: <O>(graph: Expansion<O>) => Promise<{ readonly [K in keyof O]: Constant<O[K]> | Blocker }>;
  /** What the process that runs nodes offers, e.g. its folders or its inference host. */
  readonly use: <T>(service: Service<T>) => T;
}

/** What code outside a run, such as `version`, may ask for. */
export interface CheckContext {
  readonly use: <T>(service: Service<T>) => T;
}

/** A node's outputs; in place of any value, a blocker stops what depends on it. */
export type Results<O> = {
  readonly [K in keyof O]:
    | O[K]
    | Blocker
    | ([ItemOf<O[K]>] extends [never] ? never : readonly (ItemOf<O[K]> | Blocker)[]);
};

type Literal<T> = T extends () => Promise<infer U>
  ? Literal<U>
  : T extends { readonly choice: infer C }
    ? { readonly choice: C } & { readonly [K in Exclude<keyof T, "choice">]?: Literal<T[K]> }
    : T extends readonly (infer U)[]
      ? readonly (Literal<U> | undefined)[]
      : T;

/** The inputs that are literals: a linked input is absent, a lazy one is its value. */
export type Literals<I> = { readonly [K in keyof I]?: Literal<I[K]> };

/** A node type. Values are inferred from `inputs` and `outputs`; the functions are checked against both. */
// biome-ignore lint/suspicious/noExplicitAny: a registry holds nodes of every value type; planning checks the types.
export interface NodeType<I = any, O = any> extends Omit<NodeDefinition, "inputs" | "outputs" | "checked"> {
  readonly inputs: { readonly [K in keyof I]: Input<I[K]> };
  readonly outputs: { readonly [K in keyof O]: Socket<O[K]> };
  /**
   * Joins the cache key, for nodes that read the world: a file's identity, a clock. Given literals only (a linked
   * input is absent). A version that starts with `~` holds only in this process: results under it stay in memory.
   */
  readonly version?: (literals: Literals<I>, ctx: CheckContext) => Awaitable<string>;
  /** Refuses literals that types alone cannot: returns the reason, or nothing. Given literals only. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a check that only throws or returns early needs no last `return`.
  readonly check?: (literals: Literals<I>, ctx: CheckContext) => Awaitable<string | undefined | void>;
  readonly run: (inputs: I, ctx: RunContext) => Awaitable<Results<O> | Expansion<O>>;
}

type Inferred<I, O> = Omit<NodeType<I, O>, "run" | "version" | "check"> & {
  readonly version?: (literals: Literals<NoInfer<I>>, ctx: CheckContext) => Awaitable<string>;
  // biome-ignore lint/suspicious/noConfusingVoidType: as above.
  readonly check?: (literals: Literals<NoInfer<I>>, ctx: CheckContext) => Awaitable<string | undefined | void>;
  readonly run: (inputs: NoInfer<I>, ctx: RunContext) => Awaitable<Results<NoInfer<O>> | Expansion<NoInfer<O>>>;
};

/** Defines a node. Its `run` sees exactly the inputs it declares, by name and by type. */
export const defineNode = <I, O>(node: Inferred<I, O>): NodeType<I, O> => node;
