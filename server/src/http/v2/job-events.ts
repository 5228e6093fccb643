import type { Preview } from "@mezzotint/engine";
import type { Response } from "express";
import type { JobEvent } from "../../jobs/dispatcher-events.js";
import { openEventStream } from "../event-stream.js";
import type { Services } from "../services.js";
import type { V2Job } from "./bodies.js";
import { isOver, type SnapshotServices, snapshotOf } from "./snapshot.js";
import { progressView } from "./views.js";

/** Progress and previews are told at most this often, in milliseconds. */
const BEAT = 500;
/** How often a waiting job looks where it stands. */
const LOOK = 5000;

/** The id of the last event: a browser that comes back with it (`Last-Event-ID`) is told that there is nothing more. */
export const LAST_EVENT = "end";

type FollowServices = SnapshotServices & Pick<Services, "watchJob">;

/**
 * Sends a job's events to one client: `status` (the job, as GET tells it) at first and at each change, `progress`,
 * `output` and `preview` between them. Each tells all that there is to know, so that a slow client is spared the older
 * ones and never costs more than one. Ends after the last `status`.
 */
export function followJob(id: string, origin: string, response: Response, services: FollowServices): Follower {
  return new Follower(id, origin, response, services);
}

class Follower {
  readonly #id: string;
  readonly #origin: string;
  readonly #services: FollowServices;
  readonly #stream: ReturnType<typeof openEventStream>;
  readonly #unfollow: () => void;
  readonly #look: NodeJS.Timeout;
  /** What is to be told when the client can take it. */
  readonly #due = { status: true, outputs: false, progress: false };
  #preview: { readonly node: string; readonly preview: Preview } | undefined;
  readonly #told = new Set<string>();
  #position: number | null = null;
  #nextBeat = 0;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #over = false;

  constructor(id: string, origin: string, response: Response, services: FollowServices) {
    this.#id = id;
    this.#origin = origin;
    this.#services = services;
    // First it listens, then it looks: what happens between the two is told.
    this.#unfollow = services.watchJob(id, (event) => this.#hear(event));
    services.dispatcher.watch(id, true, this);
    this.#stream = openEventStream(response, { onReady: () => this.#go(), onClose: () => this.#close() });
    this.#look = setInterval(() => void this.#lookWhere(), LOOK);
    this.#go();
  }

  #hear(event: JobEvent): void {
    switch (event.type) {
      case "taken":
        this.#services.dispatcher.watch(this.#id, true, this);
        this.#due.status = true;
        break;
      case "queued":
      case "requeued":
      case "cancelling":
      case "over":
        this.#due.status = true;
        break;
      case "note":
        return;
      case "run":
        if (event.event.type === "preview") this.#preview = { node: event.node.real, preview: event.event.preview };
        else this.#due.progress = true;
        if ("shown" in event.event && event.event.shown) this.#due.outputs = true;
        break;
    }
    this.#go();
  }

  #go(): void {
    if (this.#busy || this.#over) return;
    if (this.#timer !== undefined) {
      // What changes a job's state does not wait for the beat.
      if (!this.#due.status) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#busy = true;
    this.#tell().catch(() => {
      // The job cannot be read now: the client comes back and asks again.
      this.#over = true;
      this.#stream.end();
    });
  }

  /** Tells what is due, as long as the client reads. */
  async #tell(): Promise<void> {
    try {
      while (this.#stream.ready() && !this.#over) {
        const { status, outputs, progress } = this.#due;
        const wait = this.#nextBeat - Date.now();
        if (status) await this.#tellStatus();
        else if (!outputs && !progress && this.#preview === undefined) return;
        else if (wait > 0) {
          this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.#go();
          }, wait);
          return;
        } else await this.#tellProgress();
      }
    } finally {
      this.#busy = false;
    }
  }

  async #tellStatus(): Promise<void> {
    this.#due.status = false;
    const job = await this.#snapshot();
    if (!job) return;
    this.#tellOutputs(job);
    const over = isOver(job);
    this.#stream.send({ event: "status", data: job, ...(over && { id: LAST_EVENT }) });
    if (!over) {
      if (job.progress) this.#due.progress = true;
      return;
    }
    this.#over = true;
    this.#stream.end();
  }

  async #tellProgress(): Promise<void> {
    this.#nextBeat = Date.now() + BEAT;
    const due = this.#due;
    const preview = this.#preview;
    this.#preview = undefined;
    if (due.outputs || due.progress) {
      due.outputs = false;
      due.progress = false;
      const job = await this.#snapshot();
      if (!job) return;
      this.#tellOutputs(job);
      const running = this.#services.dispatcher.runningJob(this.#id);
      if (running) this.#stream.send({ event: "progress", data: { ...progressView(running.progress()), job } });
    }
    if (preview === undefined) return;
    const { mime, bytes } = preview.preview;
    const data_base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
    this.#stream.send({ event: "preview", data: { node_id: preview.node, content_type: mime, data_base64 } });
  }

  #tellOutputs({ outputs }: V2Job): void {
    for (const output of outputs) {
      if (this.#told.has(output.id)) continue;
      this.#told.add(output.id);
      this.#stream.send({ event: "output", data: output });
    }
  }

  /** The job as it is now; nothing if it was removed, which ends the stream. */
  async #snapshot(): Promise<V2Job | undefined> {
    const job = await this.#services.records.get(this.#id);
    if (!job) {
      this.#over = true;
      this.#stream.end();
      return undefined;
    }
    const snapshot = await snapshotOf(job, this.#origin, this.#services);
    this.#position = snapshot.queue_position;
    return snapshot;
  }

  async #lookWhere(): Promise<void> {
    if (this.#position === null || (await this.#services.records.position(this.#id)) === this.#position) return;
    this.#due.status = true;
    this.#go();
  }

  #close(): void {
    this.#over = true;
    this.#unfollow();
    this.#services.dispatcher.watch(this.#id, false, this);
    clearInterval(this.#look);
    clearTimeout(this.#timer);
  }
}
