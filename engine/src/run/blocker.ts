// A registered symbol, not `instanceof`: a pack may carry a copy of this package of its own.
const BLOCKER: unique symbol = Symbol.for("mezzotint.blocker.1") as never;

/** Stands in for a value that a node refuses to give: nothing that needs it runs. */
export class Blocker {
  readonly [BLOCKER] = true as const;
  /** Said once to whoever watches; without it the block is silent. */
  readonly message: string | undefined;

  constructor(message?: string) {
    this.message = message;
  }
}

/** Stops every node that depends on this output, quietly or with a message. */
export const block = (message?: string): Blocker => new Blocker(message);

/** Whether a value is a blocker, of whatever copy of this package. */
export const isBlocker = (value: unknown): value is Blocker =>
  typeof value === "object" && value !== null && BLOCKER in value;
