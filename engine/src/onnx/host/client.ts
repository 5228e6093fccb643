import type { AnyTensor, Feeds, Inference } from "../inference.js";
import { execute, InferenceError, release } from "./execute.js";
import { type Call, type Held, hold, isHandle } from "./held.js";
import { HostDied, type HostLink } from "./link.js";
import { Queue } from "./queue.js";

/** How a client comes by hosts, and what it tells. */
export interface ClientOptions {
  /** Gives a host that lives. */
  readonly host: () => HostLink | Promise<HostLink>;
  /** The one that was given last. */
  readonly current: () => HostLink | undefined;
  /** Lets go of it. */
  readonly close: () => Promise<void>;
  /** Milliseconds that a run under way may take to end after an abort before the host ends; default 500. */
  readonly graceMs?: number;
  /** What is worth a line: sessions opened. */
  readonly onLog?: (line: string) => void;
}

const CLOSED = "the inference host was closed";
/** Hosts that may die on a run that waits, each for another reason; then the run is suspected itself. */
const MOST_HOSTS = 5;

/**
 * Runs graphs in inference hosts, one after the other. A host that dies before it has begun a run was not brought down
 * by it: the run goes to the next host, as if nothing had happened.
 */
export function inferenceClient({ host, current, close, graceMs = 500, onLog = () => {} }: ClientOptions): Inference {
  const held = new Map<string, Held>();
  const queue = new Queue();
  let closed = false;

  const forget = (records: readonly Held[]): void => {
    const living = current();
    for (const record of records) record.released = true;
    if (living)
      release(
        living,
        records.filter(({ on }) => on === living),
      );
  };
  const find = ([name, feed]: [string, Feeds[string]]): [string, AnyTensor | Held] => {
    if (!isHandle(feed)) return [name, feed];
    const record = held.get(feed.id);
    if (!record) throw new InferenceError(`input ${name}: its handle was released, or is another host's`);
    return [name, record];
  };
  const living = async (signal: AbortSignal | undefined): Promise<HostLink> => {
    if (closed) throw new InferenceError(CLOSED);
    const found = await orAborted(Promise.resolve(host()), signal);
    if (closed) throw new InferenceError(CLOSED);
    return found;
  };
  const attempt = async (call: Call, signal: AbortSignal | undefined) => {
    for (let hosts = 1; ; hosts++) {
      try {
        return await execute({ host: await living(signal), signal, graceMs, onLog }, call);
      } catch (error) {
        signal?.throwIfAborted();
        if (closed) throw new InferenceError(CLOSED);
        if (!diedBefore(error) || hosts === MOST_HOSTS) throw error;
      }
    }
  };

  return {
    run: async (session, feeds, { signal, keep = [] } = {}) => {
      const call: Call = { session, feeds: new Map(Object.entries(feeds).map(find)), keep: new Map() };
      for (const output of keep) call.keep.set(output, hold({ run: call, output }));
      const { outputs, dims, ms } = await queue.add(signal, () => attempt(call, signal));
      const kept = Array.from(call.keep, ([output, record]) => {
        held.set(record.id, record);
        return [output, { id: record.id, dims: dims.get(record) ?? [] }] as const;
      });
      return { outputs, kept: Object.fromEntries(kept), ms };
    },
    upload: (tensor) => {
      const record = hold({ tensor });
      held.set(record.id, record);
      return { id: record.id, dims: tensor.dims };
    },
    release: (handles) => {
      const records = Array.from(handles, ({ id }) => held.get(id)).filter((record) => record !== undefined);
      for (const { id } of records) held.delete(id);
      forget(records);
    },
    unload: () =>
      queue.add(undefined, async () => {
        const link = current();
        if (link?.alive) await link.ask({ type: "unload" }).answer;
      }),
    close: async () => {
      closed = true;
      await close();
    },
  };
}

/** Whether a host died that had not begun what was asked of it. */
function diedBefore(error: unknown): boolean {
  const cause = error instanceof InferenceError ? error.cause : error;
  return cause instanceof HostDied && !cause.begun;
}

/** Waits for something until the signal aborts; then rejects with its reason. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
