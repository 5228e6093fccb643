import type { Link, PromptNode } from "./prompt.js";

// Registered symbols, not `instanceof`: a pack may carry a copy of this package of its own.
const EXPANSION: unique symbol = Symbol.for("mezzotint.expansion.1") as never;
const CONSTANT: unique symbol = Symbol.for("mezzotint.constant.1") as never;

/** A value as it is, JSON or not, inside an expansion. */
export class Constant<T = unknown> {
  readonly [CONSTANT] = true as const;
  readonly value: T;
  /** The value's cache key, when the run that made it knows one; else the place of the constant stands for it. */
  readonly key: string | undefined;

  constructor(value: T, key?: string) {
    this.value = value;
    this.key = key;
  }
}

/** What a node returns, or hands to `ctx.expand`, to have more node calls run in its place. */
export class Expansion<O = unknown> {
  readonly [EXPANSION] = true as const;
  /**
   * New node calls by an id that is unique within this expansion. Their links name each other by that id, or any
   * node of the graph that expands by its own. Inputs take JSON literals, or a `Constant` for anything else.
   */
  readonly nodes: Readonly<Record<string, PromptNode>>;
  readonly outputs: { readonly [K in keyof O]: Link | Constant<O[K]> };

  constructor(
    nodes: Readonly<Record<string, PromptNode>>,
    outputs: { readonly [K in keyof O]: Link | Constant<O[K]> },
  ) {
    this.nodes = nodes;
    this.outputs = outputs;
  }
}

/** Whether a value is a constant of an expansion, of whatever copy of this package. */
export const isConstant = (value: unknown): value is Constant =>
  typeof value === "object" && value !== null && CONSTANT in value;

/** Whether a value is an expansion, of whatever copy of this package. */
export const isExpansion = (value: unknown): value is Expansion =>
  typeof value === "object" && value !== null && EXPANSION in value;
