import type { Frame } from "../../process/index.js";
import type { ToDevice } from "./device.js";
import type { Errand, Reply, Request, Task } from "./messages.js";

/** What reaches the desk: `listen` is the door's affair. */
export type Visit = Exclude<Request, { type: "listen" }>;

/** Where the desk passes things on. */
export interface DeskOptions {
  readonly toDevice: (message: ToDevice) => void;
  /** Ends this process in the middle of what it does. */
  readonly end: (why: string) => void;
  /** Whether a client hears that its task begins; true unless said otherwise. */
  readonly announces?: boolean;
  /** Milliseconds that a task may go on once its client is gone. */
  readonly orphanMs?: number;
}

/** Tasks that a client may have waiting. Ours have one at a time, and some that were cancelled a moment ago. */
const MOST_WAITING = 1000;

interface Client {
  readonly send: (frame: Frame<Reply>) => void;
  /** In its order. Errands before the first task are passed on at once, so that a task comes first, or nothing. */
  readonly waiting: Frame<Task | Errand>[];
}

/** What the device works on. */
interface Current {
  readonly client: number;
  readonly task: Task;
  /** Runs once nobody wants the result. */
  limit?: NodeJS.Timeout;
}

/**
 * Takes what clients ask and gives the device one task at a time: next is whose last turn is longest ago. It is never
 * busy itself, so that a cancel is heard in the middle of a task, and a client that goes is noticed.
 */
export class Desk {
  readonly #options: DeskOptions;
  /** Who was served longest ago comes first. */
  readonly #clients = new Map<number, Client>();
  #ids = 0;
  #current: Current | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** A client comes; gives its number. */
  join(send: Client["send"]): number {
    this.#clients.set(++this.#ids, { send, waiting: [] });
    return this.#ids;
  }

  /** A client says something. Throws when that is too much. */
  hear(id: number, { message, parts }: Frame<Visit>): void {
    const client = this.#clients.get(id);
    if (!client) return;
    if (message.type === "cancel") {
      this.#cancel(id, client, message.question, message.graceMs);
      return;
    }
    if (client.waiting.length >= MOST_WAITING) throw new Error("a client asks without end");
    client.waiting.push({ message, parts });
    this.#errands(id, client);
    this.#next();
  }

  /** A client goes. What it waited for is forgotten; what is done for it has little time left. */
  leave(id: number): void {
    if (!this.#clients.delete(id)) return;
    if (this.#current?.client === id) this.#limit("the client of a run is gone", this.#options.orphanMs ?? 1000);
    this.#options.toDevice({ client: id, forget: true });
  }

  /** The device has done its task. */
  done(answer: Frame<Reply>): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    clearTimeout(current.limit);
    const { client: id } = current;
    const client = this.#clients.get(id);
    client?.send(answer);
    if (client) this.#errands(id, client);
    this.#next();
  }

  #cancel(id: number, client: Client, question: number, graceMs: number): void {
    if (this.#current?.client === id && this.#current.task.id === question) {
      this.#limit("a run was cancelled", graceMs);
      return;
    }
    const place = client.waiting.findIndex(({ message }) => "id" in message && message.id === question);
    if (place >= 0) client.waiting.splice(place, 1);
    this.#errands(id, client);
  }

  #limit(why: string, ms: number): void {
    const current = this.#current;
    if (current && !current.limit) current.limit = setTimeout(() => this.#options.end(why), ms);
  }

  /** Passes on what needs no turn. What follows a task stays behind it, even while the task is under way. */
  #errands(id: number, { waiting }: Client): void {
    if (this.#current?.client === id) return;
    while (waiting[0] && !("id" in waiting[0].message)) {
      this.#options.toDevice({ client: id, frame: waiting.shift() as Frame<Errand> });
    }
  }

  #next(): void {
    if (this.#current) return;
    for (const [id, client] of this.#clients) {
      const frame = client.waiting.shift() as Frame<Task> | undefined;
      if (!frame) continue;
      this.#clients.delete(id);
      this.#clients.set(id, client);
      this.#current = { client: id, task: frame.message };
      // Before it begins: should it bring the process down, its client knows whose fault that was.
      if (this.#options.announces ?? true)
        client.send({ message: { type: "started", id: frame.message.id }, parts: [] });
      this.#options.toDevice({ client: id, frame });
      return;
    }
  }
}
