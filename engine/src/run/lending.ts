import type { Slots } from "./slots.js";

/**
 * The slots that one running step holds. While the step waits for others, its slots are lent out; what it waited for
 * is held back until it waits for nothing more and has all its slots again. Retaking them one by one, or giving out
 * answers while other answers are pending, deadlocks: an answer's reader may sit on the slot that the next one needs.
 */
export class Lending {
  readonly #slots: Slots;
  readonly #names: readonly string[];
  #state: "waiting" | "held" | "lent" | "closed" = "waiting";
  #cancelled: { readonly reason: unknown } | undefined;
  #pending = 0;
  #withdraw: (() => void) | undefined;
  #back: Back | undefined;

  constructor(slots: Slots, names: readonly string[]) {
    this.#slots = slots;
    this.#names = names;
  }

  /** Takes the slots for the first time; `granted` is called at once when they are free. */
  open(granted: () => void): void {
    this.#request(granted);
  }

  /** Waits for `read` with the slots lent out. Rejects when the lending is cancelled meanwhile. */
  async lend<T>(read: () => Promise<T>): Promise<T> {
    this.#throwIfCancelled();
    if (this.#names.length === 0 || this.#state === "closed") return read();
    this.#giveOut();
    const answer = await settled(read());
    this.#takeBack();
    while (this.#state === "lent" && !this.#cancelled) await this.#back!.promise;
    this.#throwIfCancelled();
    return answer();
  }

  /** Makes whoever waits here give up; slots that are held stay held until `close`. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { reason };
    this.#withdraw?.();
    this.#back?.resolve();
  }

  /** Gives everything back for good, e.g. when the step is over. */
  close(): void {
    const held = this.#state === "held";
    this.#state = "closed";
    this.#withdraw?.();
    this.#back?.resolve();
    if (held) this.#slots.release(this.#names);
  }

  #giveOut(): void {
    this.#pending++;
    // A retake that is still in the queue must wait for this answer too.
    this.#withdraw?.();
    this.#withdraw = undefined;
    if (this.#state !== "held") return;
    this.#state = "lent";
    this.#back = back();
    this.#slots.release(this.#names);
  }

  #takeBack(): void {
    this.#pending--;
    if (this.#pending === 0 && this.#state === "lent" && !this.#cancelled) this.#request(this.#back!.resolve);
  }

  #request(granted: () => void): void {
    this.#withdraw = this.#slots.request(this.#names, () => {
      this.#state = "held";
      this.#withdraw = undefined;
      granted();
    });
  }

  #throwIfCancelled(): void {
    if (this.#cancelled) throw this.#cancelled.reason;
  }
}

interface Back {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function back(): Back {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The outcome of a promise as something to call once it may be known. */
const settled = <T>(promise: Promise<T>): Promise<() => T> =>
  promise.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
