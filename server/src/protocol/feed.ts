import type { Dispatcher } from "../jobs/dispatcher.js";
import type { JobEvent, JobRef } from "../jobs/dispatcher-events.js";
import type { RunNode } from "../jobs/dispatcher-run.js";
import {
  describedPreviewFrame,
  executedText,
  executingText,
  noteText,
  previewFrame,
  progressStateText,
  progressText,
} from "./messages.js";
import type { Outbox } from "./outgoing.js";

/** Progress is told at most this often a job, in milliseconds. */
const BEAT = 100;

/**
 * Tells clients of their jobs, in ComfyUI's messages and their order. Answers with what ends it. One client hears of one
 * job: the one that it named when it submitted it. That a job was interrupted, all clients of its user hear.
 */
export function openFeed(dispatcher: Pick<Dispatcher, "on" | "watch" | "running">, outbox: Outbox): () => void {
  const beats = new Map<string, Beat>();
  const beatOf = (job: JobRef, nodes: ReadonlyMap<string, RunNode>): Beat => {
    const known = beats.get(job.id);
    if (known) return known;
    const beat = new Beat(job, nodes, outbox);
    beats.set(job.id, beat);
    return beat;
  };
  const endBeat = (job: JobRef): void => {
    beats.get(job.id)?.end();
    beats.delete(job.id);
  };

  const tell = (event: JobEvent): void => {
    const { job } = event;
    const { id, user, client } = job;
    switch (event.type) {
      case "queued":
        outbox.status(job);
        return;
      case "taken":
        if (outbox.listens(user, client)) dispatcher.watch(id, true);
        outbox.status(job);
        return;
      case "requeued":
        endBeat(job);
        outbox.status(job);
        return;
      case "cancelling":
        return;
      case "note": {
        const message = { text: noteText(event.note) };
        if (event.kept && ENDS.has(event.note[0])) endBeat(job);
        if (event.note[0] === "execution_interrupted") outbox.toUser(user, message);
        else outbox.toClient(user, client, message);
        return;
      }
      case "run":
        if (outbox.listens(user, client)) tellRun(event, beatOf(job, event.nodes), outbox);
        return;
      case "over":
        endBeat(job);
        if (event.ran) {
          outbox.status(job);
          outbox.toClient(user, client, { text: executingText(id) });
        } else outbox.status();
        return;
    }
  };

  const off = dispatcher.on(tell);
  outbox.onPresence((user, client, listens) => {
    for (const { job, current, nodes } of dispatcher.running()) {
      if (job.user !== user || job.client !== client) continue;
      dispatcher.watch(job.id, listens);
      if (!listens || nodes.size === 0) continue;
      outbox.toClient(user, client, { text: progressStateText(job.id, nodes) });
      if (current) outbox.toClient(user, client, { text: executingText(job.id, current) });
    }
  });
  return () => {
    off();
    for (const beat of beats.values()) beat.stop();
    beats.clear();
  };
}

const ENDS = new Set(["execution_success", "execution_error", "execution_interrupted"]);

function tellRun({ job, event, node }: Extract<JobEvent, { type: "run" }>, beat: Beat, outbox: Outbox): void {
  const { id, user, client } = job;
  switch (event.type) {
    case "started":
      beat.changed();
      outbox.toClient(user, client, { text: executingText(id, node) });
      return;
    case "progress":
      beat.changed(node);
      return;
    case "preview": {
      const { preview } = event;
      outbox.toClient(user, client, {
        plain: once(() => previewFrame(preview)),
        described: once(() => describedPreviewFrame(id, node, preview)),
        result: preview.delivered === true,
      });
      return;
    }
    case "cached":
    case "finished":
      beat.done(node);
      if (event.shown) outbox.toClient(user, client, { text: executedText(id, node, event.shown) });
      return;
    case "blocked":
      beat.done(node);
      return;
  }
}

/** The progress of one job, told at once when none was told lately, and else at the next beat. */
class Beat {
  readonly #job: JobRef;
  readonly #nodes: ReadonlyMap<string, RunNode>;
  readonly #outbox: Outbox;
  /** Nodes whose own progress is to be told. */
  readonly #moved = new Map<string, RunNode>();
  #changed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(job: JobRef, nodes: ReadonlyMap<string, RunNode>, outbox: Outbox) {
    this.#job = job;
    this.#nodes = nodes;
    this.#outbox = outbox;
  }

  /** Something is to be told; with a node, that this one moved on. */
  changed(node?: RunNode): void {
    this.#changed = true;
    if (node) this.#moved.set(node.node, node);
    if (this.#timer) return;
    this.#tell();
    this.#timer = setInterval(() => this.#next(), BEAT);
  }

  /** A node is done: how far it came is told before what it showed. */
  done({ node }: RunNode): void {
    const moved = this.#moved.get(node);
    if (moved) this.#tellNode(moved);
    this.#moved.delete(node);
    this.changed();
  }

  /** The job is over: what is left is told, in any case once. */
  end(): void {
    this.#changed = true;
    this.#tell();
    this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    if (this.#changed) this.#tell();
    else this.stop();
  }

  #tell(): void {
    const { id, user, client } = this.#job;
    this.#changed = false;
    this.#outbox.toClient(user, client, { text: progressStateText(id, this.#nodes), latest: `progress_state ${id}` });
    for (const node of this.#moved.values()) this.#tellNode(node);
    this.#moved.clear();
  }

  #tellNode(node: RunNode): void {
    const { id, user, client } = this.#job;
    this.#outbox.toClient(user, client, { text: progressText(id, node), latest: `progress ${id} ${node.node}` });
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
