import type { Duplex } from "node:stream";
import { type Frame, FrameReader, writeFrame } from "../../process/index.js";
import type { Errand, Farewell, Reply, Request } from "./messages.js";

/** The host died while something was asked of it. */
export class HostDied extends Error {
  override readonly name = "HostDied";
  /** Whether it had begun what was asked: then that may be why. */
  readonly begun: boolean;

  constructor(message: string, begun: boolean) {
    super(message);
    this.begun = begun;
  }
}

type WithoutId<R> = R extends { id: number } ? Omit<R, "id"> : never;
/** A request that is answered. */
export type Question = WithoutId<Request>;
/** An answer that is the last one to its question. */
export type Answer = Exclude<Reply, { type: "started" }>;

/** Something asked of a host. */
export interface Asked {
  /** Rejects with {@link HostDied} when the host ends first. */
  readonly answer: Promise<Frame<Answer>>;
  /** Wants it no more. True when the host works on it: it ends within so many milliseconds, with its host if need be. */
  readonly cancel: (graceMs: number) => boolean;
}

interface Waiting {
  readonly resolve: (frame: Frame<Answer>) => void;
  readonly reject: (error: HostDied) => void;
  begun: boolean;
  /** Runs once it was cancelled in the middle. */
  grace?: NodeJS.Timeout;
}

/** What a link is made of. */
export interface LinkOptions {
  readonly stream: Duplex;
  /** Resolves with how the host died, once nothing more can come from it. */
  readonly gone: Promise<string>;
  /**
   * Ends a host that has no other client, begins with what it is asked, and hears nothing while it works; absent: it is shared,
   * says when it begins, and ends itself after a cancel.
   */
  readonly end?: (why: string) => void;
  /** Told whether an answer is owed. */
  readonly busy: (owes: boolean) => void;
}

/** A client's link to one inference host, from its start to its death. */
export class HostLink {
  readonly #stream: Duplex;
  readonly #busy: LinkOptions["busy"];
  readonly #end: LinkOptions["end"];
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;
  #open = true;
  #death: string | undefined;
  /** Why it said that it ends. */
  #farewell: string | undefined;

  constructor({ stream, gone, busy, end }: LinkOptions) {
    this.#stream = stream;
    this.#end = end;
    this.#busy = busy;
    stream.on("error", () => {}); // how it died tells more
    stream.on("close", () => this.abandon());
    void gone.then((how) => this.#die(how));
    const frames = new FrameReader<Reply | Farewell>();
    stream.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of frames.push(chunk)) this.#hear(frame);
      } catch {
        stream.destroy(new Error("it said what makes no sense"));
      }
    });
  }

  /** Whether it can be asked. */
  get alive(): boolean {
    return this.#open;
  }

  /** Why the host said that it ends itself, if it did. */
  get farewell(): string | undefined {
    return this.#farewell;
  }

  /** It is not asked any more. */
  abandon(): void {
    this.#open = false;
  }

  ask(question: Question, parts: readonly ArrayBufferView[] = []): Asked {
    const id = ++this.#ids;
    const waiting: Waiting = { resolve: () => {}, reject: () => {}, begun: this.#end !== undefined };
    const answer = new Promise<Frame<Answer>>((resolve, reject) => Object.assign(waiting, { resolve, reject }));
    if (this.#death !== undefined) waiting.reject(new HostDied(this.#death, false));
    else {
      this.#waiting.set(id, waiting);
      this.#busy(true);
      // To a stream that is closed nothing need be said: its death is told soon.
      if (this.#open) writeFrame(this.#stream, { ...question, id }, parts);
    }
    const cancel = (graceMs: number): boolean => {
      if (!this.#waiting.has(id)) return false;
      if (this.#open) writeFrame(this.#stream, { type: "cancel", question: id, graceMs } satisfies Request);
      if (!waiting.begun) this.#settle(id);
      else if (this.#end) waiting.grace ??= setTimeout(() => this.#end?.("a run was cancelled"), graceMs);
      return waiting.begun;
    };
    return { answer, cancel };
  }

  /** Says something that has no answer. */
  notify(errand: Errand, parts: readonly ArrayBufferView[] = []): void {
    if (this.#open) writeFrame(this.#stream, errand, parts);
  }

  #hear(frame: Frame<Reply | Farewell>): void {
    const { message, parts } = frame;
    if (message.type === "ending") {
      this.#farewell = message.why;
      this.abandon();
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.type === "started") waiting.begun = true;
    else {
      this.#settle(message.id);
      waiting.resolve({ message, parts });
    }
  }

  #settle(id: number): void {
    clearTimeout(this.#waiting.get(id)?.grace);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#busy(false);
  }

  #die(how: string): void {
    this.#open = false;
    this.#death = how;
    for (const { reject, begun, grace } of this.#waiting.values()) {
      clearTimeout(grace);
      reject(new HostDied(how, begun));
    }
    this.#waiting.clear();
    this.#busy(false);
    this.#stream.destroy();
  }
}
