import { availableParallelism } from "node:os";
import type { Inference } from "../inference.js";
import { machineMemory } from "../machine-memory.js";
import { type HostChild, startHost } from "./child.js";
import { type ClientOptions, inferenceClient } from "./client.js";
import type { HostConfig } from "./messages.js";

/** How an inference host runs. */
export interface HostOptions {
  /** Bytes of weights that open sessions may hold together; default: half of the memory. */
  readonly memoryBudget?: number;
  /** Where compiled models are kept; absent: nowhere. */
  readonly cacheDir?: string;
  /** Bytes on disk; default: the lesser of 20 GB and a tenth of the free disk. */
  readonly cacheBudget?: number;
  /** Threads of one operator; default: as many as this process may use. */
  readonly threads?: number;
}

/** How it runs, and is used. */
export type InferenceOptions = HostOptions & Pick<ClientOptions, "graceMs" | "onLog">;

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
  const { graceMs, onLog = () => {} } = options;
  const config = hostConfig(options, false);
  let child: HostChild | undefined;
  const living = (): HostChild => {
    if (!child?.link.alive) child = startHost(config, onLog);
    return child;
  };
  const client = inferenceClient({
    host: () => living().link,
    current: () => child?.link,
    close: async () => child?.kill("the inference host was closed"),
    onLog,
    ...(graceMs !== undefined && { graceMs }),
  });
  return {
    ...client,
    warm: () => void living(),
    pid: () => (child?.link.alive ? child.pid() : undefined),
  };
}

/** What a host is told when it starts. */
export function hostConfig({ memoryBudget, threads, cacheDir, cacheBudget }: HostOptions, shared: boolean): HostConfig {
  const cache = cacheDir === undefined ? {} : { cache: { dir: cacheDir, budget: cacheBudget } };
  return {
    memoryBudget: memoryBudget ?? machineMemory() / 2,
    threads: threads ?? availableParallelism(),
    shared,
    ...cache,
  };
}
