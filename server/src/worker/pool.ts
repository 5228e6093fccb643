import { setTimeout as sleep } from "node:timers/promises";
import type { Definitions, NodeDefinition } from "@mezzotint/engine";
import type { HostSupervisor } from "@mezzotint/engine/host";
import { Failure } from "../failure.js";
import { OWNER, type Places } from "../places.js";
import type { WorkerConfig } from "./messages.js";
import type { Pool, RunListener } from "./pool-interface.js";
import { sharedHost } from "./shared-host.js";
import { WorkerProcess } from "./worker-process.js";

/** How a pool is made. */
export interface PoolOptions {
  readonly workers: number;
  /** How many jobs one worker runs at once. */
  readonly jobsPerWorker: number;
  readonly places: Places;
  /** Paths of packs that are not installed. */
  readonly localPacks: readonly string[];
  /** SAMPLING_OPTIONS' `compat`. */
  readonly compat?: string;
  /** A line that a worker wrote, or what became of it. */
  readonly onLog: (line: string, worker: string) => void;
}

/** Milliseconds before a worker that died at its start is started again; doubled up to the limit. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** Starts in a row that fail before whoever waits for definitions is told why. */
const PATIENCE = 3;
/** A worker that dies sooner than this after its start, with no job, has died at its start. */
const SETTLED = 2000;
/** Milliseconds that checks and descriptions may take. */
const CHECK_TIME = 250;
const DESCRIBE_TIME = 1000;
/** Jobs whose previews somebody watches. */
const MAX_WATCHED = 10_000;
/** Users whose definitions are kept. */
const MAX_USERS = 100;
/** Milliseconds that a worker may take to end by itself. */
const STOP_TIME = 500;

/** Starts the workers. None of them is waited for. */
export const openPool = (options: PoolOptions): Pool => new ProcessPool(options);

interface Waiting {
  readonly resolve: (definitions: Definitions) => void;
  readonly reject: (error: Error) => void;
}

/** A place in the pool: one worker after another, under one name. */
interface Place {
  readonly name: string;
  worker: WorkerProcess;
  startedAt: number;
  /** Starts in a row that failed. */
  failures: number;
  pause: NodeJS.Timeout | undefined;
}

class ProcessPool implements Pool {
  readonly #options: PoolOptions;
  readonly #config: WorkerConfig;
  readonly #places: readonly Place[];
  readonly #host: HostSupervisor;
  readonly #watched = new Set<string>();
  #waiting: Waiting[] = [];
  /** As the owner sees them. */
  #definitions: Definitions | undefined;
  readonly #ofOthers = new Map<string, Definitions>();
  readonly #refreshing = new Map<string, Promise<Definitions>>();
  /** Why no worker starts, while none does. */
  #trouble: Error | undefined;
  #restarts = 0;
  #onFree: () => void = () => {};
  #closed: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    const { workers, places, localPacks, compat } = options;
    this.#options = options;
    this.#config = { server: process.pid, places, localPacks, workers, ...(compat !== undefined && { compat }) };
    this.#host = sharedHost({ cacheDir: places.compiled, onLog: (line) => options.onLog(line, "inference-host") });
    this.#places = Array.from({ length: workers }, (_, i) => {
      const place = { name: `worker-${i + 1}`, startedAt: 0, failures: 0, pause: undefined } as Omit<Place, "worker">;
      return this.#start(place as Place);
    });
  }

  readonly free = (): string | undefined => {
    if (this.#closed) return undefined;
    const able = this.#ready().filter(({ worker }) => worker.jobs < this.#options.jobsPerWorker);
    return able[0]?.name;
  };

  readonly run: Pool["run"] = (name, claim, listener) => {
    const worker = this.#places.find((place) => place.name === name)?.worker;
    const { id } = claim.job;
    if (worker?.ready && !this.#closed) {
      const ended: RunListener["ended"] = (how) => {
        this.#watched.delete(id);
        listener.ended(how);
      };
      return worker.run(claim, { event: listener.event, ended }, this.#watched.has(id));
    }
    const reason = this.#closed ? "the server stops" : "the worker died before it got the job";
    queueMicrotask(() => listener.ended({ outcome: "lost", reason, alone: false }));
  };

  readonly cancel = (job: string): void => this.#holder(job)?.cancel(job);

  readonly watch = (job: string, previews: boolean): void => {
    // It may be told before the job runs, and of jobs that never will.
    if (!previews) this.#watched.delete(job);
    else if (this.#watched.size < MAX_WATCHED) this.#watched.add(job);
    this.#holder(job)?.watch(job, previews);
  };

  readonly definitions = async (user: string, fresh = false): Promise<Definitions> => {
    const owners = await this.#anyDefinitions();
    const known = user === OWNER ? owners : this.#ofOthers.get(user);
    if (known && !fresh) return known;
    const asked = this.#refreshing.get(user) ?? this.#refresh(user, known);
    this.#refreshing.set(user, asked);
    return asked;
  };

  readonly check: Pool["check"] = async (user, prompt, targets) =>
    this.#ready()[0]?.worker.check(user, prompt, targets, CHECK_TIME);

  readonly freeMemory: Pool["freeMemory"] = ({ models, cache }) => {
    if (models) void this.#host.unload();
    if (cache) for (const { worker } of this.#ready()) worker.freeMemory();
  };

  readonly host: Pool["host"] = () => this.#host.pid();

  readonly onFree = (listener: () => void): void => {
    this.#onFree = listener;
  };

  readonly workers: Pool["workers"] = () =>
    this.#places.map(({ name, worker }) => ({ name, pid: worker.pid, jobs: worker.jobs, ready: worker.ready }));

  readonly restarts = (): number => this.#restarts;

  readonly close = (graceMs: number): Promise<void> => {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  };

  /** Workers that can be talked to, the least busy first. */
  #ready(): readonly Place[] {
    return this.#places.filter(({ worker }) => worker.ready).sort((a, b) => a.worker.jobs - b.worker.jobs);
  }

  #holder(job: string): WorkerProcess | undefined {
    return this.#places.find(({ worker }) => worker.has(job))?.worker;
  }

  #start(place: Place): Place {
    const log = (line: string) => this.#options.onLog(line, place.name);
    place.startedAt = performance.now();
    place.worker = new WorkerProcess(this.#config, {
      ready: (definitions) => {
        this.#trouble = undefined;
        this.#know(definitions);
        this.#onFree();
      },
      free: () => this.#onFree(),
      gone: (reason) => this.#replace(place, reason),
      log,
      host: this.#host.open,
    });
    return place;
  }

  /** Takes definitions in, and lets go whoever waits for them. */
  #know(definitions: readonly NodeDefinition[]): Definitions {
    this.#definitions = byId(definitions);
    for (const { resolve } of this.#waiting.splice(0)) resolve(this.#definitions);
    return this.#definitions;
  }

  /** The owner's, once a worker has told them. */
  #anyDefinitions(): Promise<Definitions> {
    if (this.#definitions) return Promise.resolve(this.#definitions);
    if (this.#trouble) return Promise.reject(this.#trouble);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #refresh(user: string, known: Definitions | undefined): Promise<Definitions> {
    try {
      const fresh = await this.#ready()[0]?.worker.describe(user, DESCRIBE_TIME);
      if (fresh) return user === OWNER ? this.#know(fresh) : this.#knowOf(user, fresh);
      if (known) return known;
    } finally {
      this.#refreshing.delete(user);
    }
    throw new Failure("every worker is too busy to say which nodes and files there are; try again");
  }

  /** Those of users that were not heard of for longest are forgotten: they can be asked for again. */
  #knowOf(user: string, definitions: readonly NodeDefinition[]): Definitions {
    const fresh = byId(definitions);
    this.#ofOthers.delete(user);
    this.#ofOthers.set(user, fresh);
    if (this.#ofOthers.size > MAX_USERS) this.#ofOthers.delete(this.#ofOthers.keys().next().value as string);
    return fresh;
  }

  /** Starts the next worker of a place: at once, or later and later while they die at their start. */
  #replace(place: Place, reason: string): void {
    if (this.#closed) return;
    const { worker } = place;
    this.#restarts++;
    this.#options.onLog(`${reason}; another one is started`, place.name);
    const settled = worker.served || performance.now() - place.startedAt > SETTLED;
    place.failures = worker.wasReady && settled ? 0 : place.failures + 1;
    if (place.failures >= PATIENCE) this.#giveReason(reason);
    const pause = place.failures === 0 ? 0 : Math.min(FIRST_PAUSE * 2 ** (place.failures - 1), LONGEST_PAUSE);
    if (pause === 0) this.#start(place);
    else place.pause = setTimeout(() => this.#start(place), pause);
  }

  /** Tells whoever waits for definitions why there are none. */
  #giveReason(reason: string): void {
    if (this.#definitions) return;
    this.#trouble = new Failure(`no worker starts: ${reason}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#trouble);
  }

  async #close(graceMs: number): Promise<void> {
    this.#trouble = new Failure("the server stops");
    for (const { reject } of this.#waiting.splice(0)) reject(this.#trouble);
    for (const { pause } of this.#places) clearTimeout(pause);
    const limit = performance.now() + graceMs;
    await Promise.all(
      this.#places.map(async ({ worker }) => {
        while (worker.jobs > 0 && performance.now() < limit) await Promise.race([worker.gone, sleep(20)]);
        if (worker.jobs > 0) worker.kill("the server stops");
        if (worker.ready) {
          worker.stop();
          await Promise.race([worker.gone, sleep(STOP_TIME)]);
        }
        worker.kill("the server stops");
        await worker.gone;
      }),
    );
    await this.#host.close();
  }
}

const byId = (definitions: readonly NodeDefinition[]): Definitions =>
  new Map(definitions.map((definition) => [definition.id, definition]));
