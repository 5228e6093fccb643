import { setTimeout as sleep } from "node:timers/promises";
import type { RunEvent } from "@mezzotint/engine";
import { type Death, deathIn, type EndedRun, INTERRUPTED, type LostOrEnded, lastNotesOf } from "./dispatcher-death.js";
import type { JobEvent, JobRef, Note } from "./dispatcher-events.js";
import type { Dispatcher, DispatcherOptions, RunningJob } from "./dispatcher-interface.js";
import { type Run, seen } from "./dispatcher-live.js";
import { Pump } from "./dispatcher-pump.js";
import { persist } from "./dispatcher-retry.js";
import { RunRecord } from "./dispatcher-run.js";
import { ShownLater } from "./dispatcher-shown.js";
import type { JobSpec } from "./job.js";
import type { Added, Claim } from "./queue.js";
import { Watchers } from "./watchers.js";

export type { Dispatcher, DispatcherOptions, RunningJob } from "./dispatcher-interface.js";

/** Once the pool is closed, ends that cannot be kept are given up after this; those jobs run again at the next start. */
const LAST_COMMITS = 3000;

/** Opens a dispatcher: from now on, waiting jobs run. */
export const openDispatcher = (options: DispatcherOptions): Dispatcher => new LiveDispatcher(options);

class LiveDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Set<(event: JobEvent) => void>();
  readonly #settling = new Set<Promise<void>>();
  readonly #watchers = new Watchers();
  readonly #pump: Pump;
  /** Ends waits between retries. */
  readonly #hurry = new AbortController();
  #closing = false;
  #closed: Promise<void> | undefined;

  constructor(options: DispatcherOptions) {
    const { queue, pool, onLog } = options;
    this.#options = options;
    this.#pump = new Pump({ queue, pool, onLog, start: (worker, claim) => this.#start(worker, claim) });
    pool.onFree(() => this.#pump.go());
    this.#pump.go();
  }

  readonly counts = () => this.#options.queue.counts();

  readonly watch = (job: string, previews: boolean, who: object = this) => {
    this.#options.pool.watch(job, this.#watchers.note(job, previews, who));
  };

  readonly on = (listener: (event: JobEvent) => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  readonly running = (): readonly RunningJob[] =>
    [...this.#runs.values()].filter(({ settled }) => settled === undefined).map(seen);

  readonly runningJob = (id: string): RunningJob | undefined => {
    const run = this.#runs.get(id);
    return run && run.settled === undefined ? seen(run) : undefined;
  };

  // Whatever follows a commit is done by `then` on the queue's own promise: so it is told in the order of the commits.
  readonly submit = (spec: JobSpec): Promise<Added> =>
    this.#options.queue.add(spec).then((added) => {
      if (added.kind === "added") {
        this.#tell({ type: "queued", job: refOf(spec) });
        this.#pump.go();
      }
      return added;
    });

  readonly cancel = async (id: string, user?: string): Promise<"queued" | "running" | "over" | "unknown"> => {
    const { queue, records, pool } = this.#options;
    for (let tries = 0; ; tries++) {
      const job = await records.get(id);
      if (job === undefined || (user !== undefined && job.user !== user)) return "unknown";
      if (job.status !== "queued" && job.status !== "running") return "over";
      const cancelled = await queue.cancelQueued(id).then((done) => {
        if (done) this.#tell({ type: "over", job: refOf(job), status: "cancelled", ran: false });
        return done;
      });
      if (cancelled) return "queued";
      // It may have been claimed this moment; then it is among the runs as soon as the claim is answered.
      await this.#pump.settled();
      const run = this.#runs.get(id);
      if (run && this.#stop(run)) {
        pool.cancel(id);
        return "running";
      }
      // After a while: its end could not be kept, and it stands as running until the next start.
      if ((run && !run.returns) || tries > 100) return "over";
      // On its way back to the queue, or it was when we looked: where it is next, it can be cancelled.
      await (run?.settled ?? sleep(5));
    }
  };

  readonly interrupt = (user: string, id?: string): readonly string[] => {
    const stopped: string[] = [];
    for (const run of this.#runs.values()) {
      if (run.ref.user !== user || (id !== undefined && run.ref.id !== id) || !this.#stop(run)) continue;
      stopped.push(run.ref.id);
      this.#options.pool.cancel(run.ref.id);
    }
    return stopped;
  };

  readonly clear = (user?: string): Promise<number> =>
    this.#options.queue.clear(user).then((cleared) => {
      for (const job of cleared) this.#tell({ type: "over", job, status: "cancelled", ran: false });
      return cleared.length;
    });

  readonly close = (graceMs: number): Promise<void> => {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  };

  async #close(graceMs: number): Promise<void> {
    this.#closing = true;
    await this.#pump.close();
    await this.#options.pool.close(graceMs);
    // The pool tells the end of every run; one that it forgot is given back all the same.
    for (const run of this.#runs.values()) this.#ended(run, { outcome: "lost", reason: STOPPED, alone: false });
    const limit = setTimeout(() => this.#hurry.abort(), LAST_COMMITS);
    await Promise.all(this.#settling);
    clearTimeout(limit);
  }

  #persist<T>({ id }: JobRef, commit: () => Promise<T>): Promise<T> {
    const failed = (error: unknown) =>
      this.#options.onLog("error", "the end of a job cannot be kept yet", { job: id, error });
    return persist(commit, failed, this.#hurry.signal);
  }

  #tell(event: JobEvent): void {
    if (event.type === "over") this.#watchers.forget(event.job.id);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.onLog("error", "a listener of job events failed", { job: event.job.id, error });
      }
    }
  }

  #tellNotes(job: JobRef, notes: readonly Note[]): void {
    for (const note of notes) this.#tell({ type: "note", job, note, kept: true });
  }

  #start(worker: string, claim: Claim): void {
    const ref = refOf(claim.job);
    const record = new RunRecord(claim);
    const run: Run = {
      record,
      ref,
      cancelled: false,
      settled: undefined,
      returns: false,
      shown: new ShownLater((nodes) => this.#keepShown(record, nodes)),
    };
    this.#runs.set(ref.id, run);
    this.#tell({ type: "taken", job: ref, attempt: claim.attempt });
    if (this.#closing) {
      this.#ended(run, { outcome: "lost", reason: STOPPED, alone: false });
      return;
    }
    this.#tellNotes(ref, record.notes);
    try {
      this.#options.pool.run(worker, claim, {
        event: (event) => this.#event(run, event),
        ended: (ended) => this.#ended(run, ended),
      });
    } catch (error) {
      this.#options.onLog("error", "a worker did not take a job", { job: ref.id, worker, error });
      this.#ended(run, { outcome: "lost", reason: "the worker did not take the job", alone: false });
    }
  }

  #event(run: Run, event: RunEvent): void {
    if (run.settled) return;
    const { record, ref } = run;
    if (event.type === "recalled") {
      const told = record.notes.length;
      record.recalled(event.nodes);
      this.#tellNotes(ref, record.notes.slice(told));
      return;
    }
    const node = record.add(event);
    this.#tell({ type: "run", job: ref, event, node, nodes: record.nodes });
    if (event.type === "blocked" && event.message !== undefined) {
      this.#tell({ type: "note", job: ref, note: record.blocked(node, event.message), kept: false });
    }
    if ((event.type === "finished" || event.type === "cached") && event.shown) run.shown.add(event.node);
  }

  #keepShown({ claim, outputs }: RunRecord, nodes: readonly string[]): void {
    for (const node of nodes) {
      // Its loss is no harm: the job's end holds it too.
      this.#options.queue.shown(claim, node, outputs[node]!).catch((error: unknown) => {
        this.#options.onLog("warn", "what a node showed cannot be kept yet", { job: claim.job.id, node, error });
      });
    }
  }

  /** Marks a run as cancelled; false when it is over. */
  #stop(run: Run): boolean {
    if (run.settled) return false;
    if (!run.cancelled) {
      run.cancelled = true;
      this.#tell({ type: "cancelling", job: run.ref });
    }
    return true;
  }

  /** The first end of a run counts. */
  #ended(run: Run, ended: LostOrEnded): void {
    if (run.settled) return;
    run.shown.stop();
    const death = deathIn(ended);
    run.returns = death !== undefined && !run.cancelled;
    const settled = (
      death && run.returns ? this.#giveBack(run, death) : this.#finish(run, death ? INTERRUPTED : (ended as EndedRun))
    )
      .catch((error: unknown) => {
        this.#options.onLog("error", "the end of a job cannot be kept; it will run again", {
          job: run.ref.id,
          error,
        });
      })
      .finally(() => {
        if (this.#runs.get(run.ref.id) === run) this.#runs.delete(run.ref.id);
        this.#settling.delete(settled);
      });
    run.settled = settled;
    this.#settling.add(settled);
  }

  async #finish({ record, ref }: Run, ended: EndedRun): Promise<void> {
    const told = record.notes.length;
    const outcome = record.end(ended);
    const finish = () =>
      this.#options.queue.finish(record.claim, outcome).then((first) => {
        if (!first) {
          const { attempt } = record.claim;
          this.#options.onLog("warn", "a job ended that was over already", { job: ref.id, attempt });
          return;
        }
        this.#tellNotes(ref, record.notes.slice(told));
        this.#tell({ type: "over", job: ref, status: outcome.status, ran: true });
      });
    await this.#persist(ref, finish);
  }

  async #giveBack({ record, ref }: Run, { reason, alone }: Death): Promise<void> {
    const [how, why] = this.#closing
      ? (["returned", STOPPED] as const)
      : ([alone ? "blamed" : "lost", reason] as const);
    const requeue = () =>
      this.#options.queue.requeue(record.claim, why, how).then((became) => {
        this.#options.onLog(how === "returned" ? "info" : "warn", "a run was lost", { job: ref.id, reason, became });
        if (became === "queued") {
          this.#tell({ type: "requeued", job: ref, reason });
          this.#pump.go();
        }
        return became;
      });
    if ((await this.#persist(ref, requeue)) !== "failed") return;
    const job = await this.#options.records.get(ref.id);
    this.#tellNotes(ref, job ? lastNotesOf(job) : []);
    this.#tell({ type: "over", job: ref, status: "failed", ran: true });
  }
}

const STOPPED = "the server stopped";

const refOf = ({ id, user, client }: JobRef): JobRef => ({ id, user, ...(client === undefined ? {} : { client }) });
