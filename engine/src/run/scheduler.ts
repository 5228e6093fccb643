import { layoutOf } from "./layout.js";
import { Lending } from "./lending.js";
import { letGo, readAgain } from "./retention.js";
import type { Slots } from "./slots.js";
import type { Outputs, Task } from "./task.js";

/** How long steps may run back to back before timers, sockets and an abort get their turn, in milliseconds. */
const TURN = 10;

/**
 * The current turn of the event loop. It spans many pumps: the steps of a loop follow each other by way of promises
 * alone, and nothing else would ever get in between. A class of its own, so that the timer does not hold a whole run.
 */
class Turn {
  /** 0 before it has begun. */
  #end = 0;

  /** Whether it has been ours for long enough. */
  get over(): boolean {
    if (this.#end === 0) {
      this.#end = performance.now() + TURN;
      setImmediate(() => {
        this.#end = 0;
      });
    }
    return performance.now() >= this.#end;
  }
}

/** What the scheduler leaves to others. */
export interface Work {
  /** Runs a task whose sources are done and whose slots are held; ends in `done` or `fail`. */
  readonly begin: (task: Task) => void;
  /** Looks in slow caches before a task's sources are asked for; `undefined` when there is nothing to look at. */
  readonly load: (task: Task) => Promise<Outputs | undefined> | undefined;
  /** The run has failed: whatever runs should end soon. */
  readonly failed: (error: unknown) => void;
}

/**
 * Decides what runs when. Pull-based: nothing runs unless it was demanded, by a target, a reader, a lazy input or an
 * expansion. Demands and completions go through queues, so neither long chains nor wide fans deepen the stack.
 */
export class Scheduler {
  readonly tasks = new Map<string, Task>();
  readonly #slots: Slots;
  readonly #work: Work;
  readonly #ready: Task[] = [];
  #next = 0;
  #pumping = false;
  readonly #turn = new Turn();
  /** Tasks that hold or wait for slots. */
  readonly #holding = new Set<Task>();
  /** Tasks begun or loading and not over. */
  #inFlight = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #rejections = new Set<(error: unknown) => void>();
  readonly #idle: (() => void)[] = [];

  constructor(slots: Slots, work: Work) {
    this.#slots = slots;
    this.#work = work;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Sees to it that a task runs, and before it whatever it needs. */
  demand(task: Task): void {
    const stack = [task];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.state !== "idle" || this.#failure) continue;
      // It was let go, and an expansion asks for it again: it reads its sources once more.
      if (top.over) readAgain(top);
      top.state = "waiting";
      const loading = this.#work.load(top);
      if (loading) this.#load(top, loading);
      else this.#need(top, stack);
    }
    this.#pump();
  }

  /** Resolves when all of some tasks are done; rejects as soon as the run has failed. */
  async wait(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) this.demand(task);
    if (this.#failure) throw this.#failure.error;
    const open = tasks.filter(({ state }) => state !== "done");
    if (open.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      let left = open.length;
      this.#rejections.add(reject);
      const one = () => {
        if (--left > 0) return;
        this.#rejections.delete(reject);
        resolve();
      };
      for (const task of open) {
        task.watchers ??= [];
        task.watchers.push(one);
      }
    });
  }

  /** Resolves when nothing is in flight any more. */
  async quiet(): Promise<void> {
    while (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** A task that was begun is over. */
  done(task: Task, outputs: Outputs): void {
    this.#close(task);
    this.#complete(task, outputs);
    this.#pump();
    this.#leave();
  }

  /** A task that was begun has failed. */
  failedTask(task: Task, error: unknown): void {
    this.#close(task);
    this.fail(error);
    this.#leave();
  }

  /** Stops the run: nothing new begins, and whoever waits is told. The first error wins. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#work.failed(error);
    this.#ready.length = 0;
    this.#next = 0;
    for (const task of [...this.#holding]) {
      if (task.state === "running") {
        task.lending?.cancel(error);
      } else {
        this.#close(task);
        this.#leave();
      }
    }
    for (const reject of this.#rejections) reject(error);
    this.#rejections.clear();
  }

  #load(task: Task, loading: Promise<Outputs | undefined>): void {
    this.#inFlight++;
    const then = (outputs: Outputs | undefined) => {
      if (outputs) {
        this.#complete(task, outputs);
      } else if (!this.#failure) {
        const stack: Task[] = [];
        this.#need(task, stack);
        for (const source of stack) this.demand(source);
      }
      this.#pump();
      this.#leave();
    };
    loading.then(then, () => then(undefined));
  }

  #need(task: Task, stack: Task[]): void {
    const { sources, step } = task;
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i];
      if (!source || source.state === "done" || step.bindings[i]!.input.lazy) continue;
      task.waits++;
      if (source.readers) source.readers.push(task);
      else source.readers = [task];
      if (source.state === "idle") stack.push(source);
    }
    if (task.waits === 0) this.#ready.push(task);
  }

  #complete(task: Task, outputs: Outputs): void {
    task.state = "done";
    task.outputs = outputs;
    letGo(task);
    const { readers, watchers } = task;
    task.readers = undefined;
    task.watchers = undefined;
    if (this.#failure) return;
    for (const reader of readers ?? []) if (--reader.waits === 0) this.#ready.push(reader);
    for (const watch of watchers ?? []) watch();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#next < this.#ready.length) {
      if (this.#turn.over) {
        this.#yield();
        return;
      }
      const task = this.#ready[this.#next++]!;
      if (task.lending || this.#open(task)) {
        task.state = "running";
        this.#work.begin(task);
      }
    }
    this.#ready.length = 0;
    this.#next = 0;
    this.#pumping = false;
  }

  /** Goes on in the next turn. That counts as in flight, so that the run is not taken for finished. */
  #yield(): void {
    this.#inFlight++;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
      this.#leave();
    });
  }

  /** Takes a task's slots. If it has to wait for them, it comes back to the queue holding them. */
  #open(task: Task): boolean {
    this.#inFlight++;
    const names = layoutOf(task.step.definition).resources;
    if (names.length === 0) return true;
    this.#holding.add(task);
    const lending = new Lending(this.#slots, names);
    task.lending = lending;
    let now = true;
    let held = false;
    lending.open(() => {
      held = true;
      // After a failure slots are only passed on: the task was closed, and counts no more.
      if (now || this.#failure) return;
      this.#ready.push(task);
      // Whoever gave the slots back is still on the stack.
      queueMicrotask(() => this.#pump());
    });
    now = false;
    return held;
  }

  #close(task: Task): void {
    if (!task.lending) return;
    this.#holding.delete(task);
    task.lending.close();
  }

  #leave(): void {
    if (--this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
