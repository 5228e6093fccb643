import { parseJson } from "@mezzotint/engine";
import type { RawData, WebSocket } from "ws";
import { featuresText } from "../protocol/messages.js";
import type { Outgoing } from "../protocol/outgoing.js";

/** Beyond these bytes that a client has not taken yet: progress is told by its newest only, … */
const COALESCE = 256 * 1024;
/** … previews are left out, … */
const NO_PREVIEWS = 1024 * 1024;
/** … and it is cut off. */
const CUT_OFF = 8 * 1024 * 1024;
/** Results are waited for: a batch of large pictures is more than anybody takes at once. All sockets share 64 MiB. */
const CUT_OFF_RESULTS = 48 * 1024 * 1024;
/** Feature flags are a client's first message; among the first ones they are taken too. */
const HEARD = 10;

/** One open socket. It holds a bounded number of bytes, however slowly its client reads. */
export class Connection {
  /** Resolves when the socket is closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly user: string;
  readonly client: string;
  /** It has not heard of the queue's newest length. */
  stale = false;
  readonly #ws: WebSocket;
  readonly #features: Readonly<Record<string, unknown>>;
  readonly #onBacklog: () => void;
  /** Messages that wait for the client, the newest of each kind. */
  readonly #latest = new Map<string, string>();
  /** Bytes of results that the client has not taken yet. */
  #owed = 0;
  /** How many more of its messages are read, and whether it reads previews with metadata. */
  #patience = HEARD;
  #describes = false;
  #answered = true;

  constructor(
    ws: WebSocket,
    { user, client }: { readonly user: string; readonly client: string },
    features: Readonly<Record<string, unknown>>,
    onBacklog: () => void,
  ) {
    this.#ws = ws;
    this.user = user;
    this.client = client;
    this.#features = features;
    this.#onBacklog = onBacklog;
    this.closed = new Promise((done) => ws.once("close", () => done()));
    // What goes wrong with a socket ends it; that is all there is to do.
    ws.on("error", () => ws.terminate());
    ws.on("message", (data, binary) => {
      if (!binary) this.#hear(data);
    });
    ws.on("pong", () => {
      this.#answered = true;
    });
  }

  /** Bytes that the client has not taken yet; none of one that is being cut off. */
  get backlog(): number {
    return this.#ws.readyState === this.#ws.OPEN ? this.#ws.bufferedAmount : 0;
  }

  /** Sends a message, or does without where the client is too slow for it. */
  send(message: Outgoing): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const waiting = this.#ws.bufferedAmount;
    if ("plain" in message) {
      const { described, plain, result = false } = message;
      if (result) this.#flush();
      if (result || waiting <= NO_PREVIEWS) this.#write(this.#describes ? described() : plain(), result);
      return;
    }
    if (message.latest === undefined) {
      this.#flush();
      this.#write(message.text);
      return;
    }
    // The newest of a kind goes to the end, where it is in time.
    this.#latest.delete(message.latest);
    if (waiting <= COALESCE && this.#latest.size === 0) this.#write(message.text);
    else this.#latest.set(message.latest, message.text);
  }

  /** Asks whether the client is there; cuts it off when it did not answer the last time. */
  ping(): void {
    if (!this.#answered) {
      this.#ws.terminate();
      return;
    }
    this.#answered = false;
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Messages keep their order: what waits goes before what must go now. */
  #flush(): void {
    const waiting = [...this.#latest.values()];
    this.#latest.clear();
    for (const text of waiting) this.#write(text);
  }

  #write(data: string | Uint8Array, result = false): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const waiting = result ? this.#owed : this.#ws.bufferedAmount - this.#owed;
    if (waiting + data.length > (result ? CUT_OFF_RESULTS : CUT_OFF)) {
      this.#latest.clear();
      this.#ws.terminate();
      return;
    }
    if (result) this.#owed += data.length;
    this.#ws.send(data, () => {
      if (result) this.#owed -= data.length;
      if (this.#latest.size > 0 && this.#ws.bufferedAmount <= COALESCE) this.#flush();
    });
    if (this.#ws.bufferedAmount > COALESCE) this.#onBacklog();
  }

  #hear(data: RawData): void {
    // One answer a socket, and few questions: nobody makes the server read and talk by talking.
    if (this.#patience === 0) return;
    this.#patience--;
    const flags = featureFlagsIn(data);
    if (flags === undefined) return;
    this.#patience = 0;
    this.#describes = flags.supports_preview_metadata === true;
    this.send({ text: featuresText(this.#features) });
  }
}

/** The flags in a client's `feature_flags` message; undefined for any other message. */
function featureFlagsIn(data: RawData): Readonly<Record<string, unknown>> | undefined {
  try {
    const message = parseJson(String(data)) as { readonly type?: unknown; readonly data?: unknown } | null;
    if (message?.type !== "feature_flags") return undefined;
    return typeof message.data === "object" && message.data !== null ? { ...message.data } : {};
  } catch {
    return undefined;
  }
}
