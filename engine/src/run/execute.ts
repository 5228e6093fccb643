import { graphSeenBy } from "./ancestors.js";
import type { Awaitable } from "./awaitable.js";
import { type Blocker, isBlocker } from "./blocker.js";
import { type Expanded, expandInto, expandOnce } from "./expand.js";
import { type Expansion, isExpansion } from "./expansion.js";
import { layoutOf } from "./layout.js";
import { type Asker, Calls } from "./mapping.js";
import type { NodeType, RunContext } from "./node.js";
import { NodeError } from "./node-error.js";
import { Results } from "./results.js";
import { type Session, say, sayBlocked, sayPreview, sayProgress } from "./session.js";
import { store } from "./store.js";
import type { Task } from "./task.js";

/** Runs a task whose sources are done and whose slots are held, and tells the scheduler how it ended. */
export function execute(session: Session, task: Task): void {
  try {
    const execution = new Execution(session, task);
    const pending = execution.run();
    const stored = pending ? pending.then(() => execution.finish()) : execution.finish();
    stored?.then(undefined, (cause) => fail(session, task, cause));
  } catch (cause) {
    fail(session, task, cause);
  }
}

function fail({ scheduler, signal }: Session, task: Task, cause: unknown): void {
  const ours = cause instanceof NodeError || signal.aborted;
  scheduler.failedTask(task, ours ? cause : new NodeError(task.step, task.display, cause));
}

class Execution implements Asker {
  readonly #session: Session;
  readonly #task: Task;
  readonly #node: NodeType;
  readonly #calls: Calls;
  readonly #results: Results;
  #context: RunContext | undefined;
  /** The call under way, how often it expanded, and what blocks it. */
  #index = 0;
  #expansions = 0;
  #blocker: Blocker | undefined;
  #over = false;
  #made = 0;
  #blocked = 0;

  constructor(session: Session, task: Task) {
    const { definition } = task.step;
    const node = session.nodes.get(definition.id);
    if (!node) throw new Error(`no pack in this process brings a node type ${definition.id}`);
    this.#session = session;
    this.#task = task;
    this.#node = node;
    this.#results = new Results(definition, session.lists);
    this.#calls = new Calls(task, this);
  }

  /** Makes the calls one after another; only if one of them is asynchronous is the whole. */
  run(): Awaitable<void> {
    for (let index = 0; index < this.#calls.count; index++) {
      const pending = this.#call(index);
      if (pending) return this.#runOn(pending, index + 1);
    }
  }

  async #runOn(pending: Promise<void>, start: number): Promise<void> {
    await pending;
    for (let index = start; index < this.#calls.count; index++) await this.#call(index);
  }

  /** Stores and tells what came out. */
  finish(): Awaitable<void> {
    const { signal } = this.#session;
    // A node that returned early because of an abort has not computed what its key says.
    signal.throwIfAborted();
    this.#over = true;
    const task = this.#task;
    const { outputs, shown } = this.#results;
    // Blocked steps are told anew in each run, and cost nothing.
    if (this.#blocked > 0 && this.#blocked === this.#made) {
      this.#session.scheduler.done(task, outputs);
      return;
    }
    const stored = store(this.#session, task, this.#node, { outputs, shown });
    if (stored) return stored.then(() => this.#done());
    this.#done();
  }

  #done(): void {
    const { outputs, shown } = this.#results;
    say(this.#session, this.#task, "finished", shown);
    this.#session.scheduler.done(this.#task, outputs);
  }

  #call(index: number): Awaitable<void> {
    this.#session.signal.throwIfAborted();
    this.#index = index;
    this.#expansions = 0;
    this.#blocker = undefined;
    this.#made++;
    const inputs = this.#calls.inputs(index);
    if (isBlocker(inputs)) return this.#block(inputs);
    if (this.#context === undefined) {
      say(this.#session, this.#task, "started");
      this.#context = this.#makeContext();
    }
    this.#fill(inputs);
    const result = this.#node.run(inputs, this.#context);
    if (!isPromise(result)) return this.#take(result);
    return result.then(
      (got) => this.#take(got),
      (error: unknown) => {
        if (!this.#blocker) throw error;
        this.#block(this.#blocker);
      },
    );
  }

  #take(result: unknown): Awaitable<void> {
    // A node may have caught the rejection of a lazy input that was blocked; it is blocked nevertheless.
    if (this.#blocker) return this.#block(this.#blocker);
    if (!isExpansion(result)) return this.#results.add(result);
    const { lending } = this.#task;
    const index = this.#index;
    const call = this.#expansions++;
    const expanded = () => expandInto(this.#session, this.#task, result, index, call, this.#results);
    // The last call will not need its slots again; retaking them would only wait.
    if (index + 1 >= this.#calls.count) lending?.close();
    return lending ? lending.lend(expanded) : expanded();
  }

  #expand<O>(graph: Expansion<O>): Promise<Expanded<O>> {
    const index = this.#index;
    const call = this.#expansions++;
    const expanded = () => expandOnce(this.#session, this.#task, graph, index, call);
    const answer = this.#task.lending ? this.#task.lending.lend(expanded) : expanded();
    // A node may ask and not wait; a rejection that nobody handles would end the process.
    answer.catch(() => {});
    return answer;
  }

  async ask(source: Task, slot: number): Promise<readonly unknown[]> {
    const read = async () => {
      await this.#session.scheduler.wait([source]);
      return source.outputs![slot]!;
    };
    if (source.state === "done") return source.outputs![slot]!;
    return this.#task.lending ? this.#task.lending.lend(read) : read();
  }

  blocked(by: Blocker): void {
    this.#blocker ??= by;
  }

  #block(by: Blocker): void {
    const { told } = this.#session;
    const message = told.has(by) ? undefined : by.message;
    told.add(by);
    this.#blocked++;
    this.#results.block(by);
    if (message !== undefined || this.#blocked === 1) sayBlocked(this.#session, this.#task, message);
  }

  #fill(inputs: Record<string, unknown>): void {
    const { prompt, extraPngInfo } = this.#session;
    for (const [name, { hidden }] of layoutOf(this.#task.step.definition).hidden) {
      if (hidden === "UNIQUE_ID") inputs[name] = this.#task.step.id;
      else if (hidden === "PROMPT") inputs[name] = prompt;
      else if (hidden === "DYNPROMPT") inputs[name] = graphSeenBy(this.#task);
      else inputs[name] = extraPngInfo;
    }
  }

  #makeContext(): RunContext {
    const session = this.#session;
    const task = this.#task;
    const preview: NonNullable<RunContext["preview"]> = (image) => {
      if (!this.#over) sayPreview(session, task, image);
    };
    const deliver: NonNullable<RunContext["deliver"]> = (image) => preview({ ...image, delivered: true });
    return {
      node: task.step.id,
      signal: session.signal,
      progress: (done, total) => {
        if (!this.#over) sayProgress(session, task, done, total);
      },
      show: (ui) => this.#results.show(ui),
      expand: (graph) => this.#expand(graph),
      get preview() {
        return session.previews() ? preview : undefined;
      },
      get deliver() {
        return session.followed() ? deliver : undefined;
      },
      use: session.use,
    };
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
