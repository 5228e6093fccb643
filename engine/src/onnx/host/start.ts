import { availableParallelism } from "node:os";
import type { AnyTensor, Feeds, Inference } from "../inference.js";
import { machineMemory } from "../machine-memory.js";
import { execute, InferenceError } from "./execute.js";
import { type Call, type Held, hold, isHandle } from "./held.js";
import type { HostConfig } from "./messages.js";
import { HostProcess } from "./process.js";
import { interruptible, Queue } from "./queue.js";

/** How an inference host runs. */
export interface InferenceOptions {
  /** Bytes of weights that open sessions may hold together; default: half of the memory. */
  readonly memoryBudget?: number;
  /** Where compiled models are kept; absent: nowhere. */
  readonly cacheDir?: string;
  /** Bytes on disk; default: the lesser of 20 GB and a tenth of the free disk. */
  readonly cacheBudget?: number;
  /** Threads of one operator; default: as many as this process may use. */
  readonly threads?: number;
  /** Milliseconds that a run under way may take to end after an abort before the host is killed; default 500. */
  readonly graceMs?: number;
  /** What the host reports: sessions opened, warnings. */
  readonly onLog?: (line: string) => void;
}

const CLOSED = "the inference host was closed";

/** An {@link Inference} in a process of its own. */
export interface InferenceHost extends Inference {
  /** Starts the process before the first run needs it. */
  readonly warm: () => void;
  /** The process, while there is one. */
  readonly pid: () => number | undefined;
}

/**
 * Gives an inference host that starts with the first run, and again whenever it has died. Runs wait for each other: the
 * device is one.
 */
export function startInference(options: InferenceOptions = {}): InferenceHost {
  const { graceMs = 500, onLog = () => {} } = options;
  const config = hostConfig(options);
  const held = new Map<string, Held>();
  const queue = new Queue();
  let host: HostProcess | undefined;
  let closed = false;

  const living = (): HostProcess => {
    if (closed) throw new InferenceError(CLOSED);
    if (!host?.alive) host = new HostProcess(config, onLog);
    return host;
  };
  const forget = (records: Iterable<Held>): void => {
    const ids: string[] = [];
    for (const record of records) {
      record.released = true;
      if (record.on !== undefined && record.on === host) ids.push(record.id);
      record.on = undefined;
    }
    if (ids.length > 0) host?.notify({ type: "release", handles: ids });
  };
  const find = ([name, feed]: [string, Feeds[string]]): [string, AnyTensor | Held] => {
    if (!isHandle(feed)) return [name, feed];
    const record = held.get(feed.id);
    if (!record) throw new InferenceError(`input ${name}: its handle was released, or is another host's`);
    return [name, record];
  };

  return {
    run: async (session, feeds, { signal, keep = [] } = {}) => {
      const call: Call = { session, feeds: new Map(Object.entries(feeds).map(find)), keep: new Map() };
      for (const output of keep) call.keep.set(output, hold({ run: call, output }));
      const job = async () =>
        execute(living(), call, onLog).catch((error: unknown) => {
          throw closed ? new InferenceError(CLOSED) : error;
        });
      const kill = () => void host?.kill("a run was cancelled");
      const { outputs, dims, ms } = await queue
        .add(signal, () => interruptible(signal, graceMs, kill, job))
        .catch((error: unknown) => {
          // A run that ended after its abort has kept what nobody will get a handle of.
          forget(call.keep.values());
          throw error;
        });
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
        if (host?.alive) await host.request({ type: "unload" });
      }),
    close: async () => {
      closed = true;
      await host?.kill(CLOSED);
    },
    warm: () => void living(),
    pid: () => (host?.alive ? host.pid : undefined),
  };
}

function hostConfig({ memoryBudget, threads, cacheDir, cacheBudget }: InferenceOptions): HostConfig {
  const cache = cacheDir === undefined ? {} : { cache: { dir: cacheDir, budget: cacheBudget } };
  return { memoryBudget: memoryBudget ?? machineMemory() / 2, threads: threads ?? availableParallelism(), ...cache };
}
