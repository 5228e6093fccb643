import { availableParallelism } from "node:os";
import { type Definitions, describe, memoryCache, nodesOf, provide, slots } from "@mezzotint/engine";
import type { HostDoor } from "@mezzotint/engine/host";
import { diffusion } from "../builtin.js";
import { OWNER } from "../places.js";
import { openRuntime } from "../runtime.js";
import { withoutPaths } from "../security/without-paths.js";
import type { WorkerConfig } from "./messages.js";
import type { Workshop } from "./run-job.js";

/** What a worker runs jobs with, and what it can do about its memory. */
export interface OpenWorkshop {
  readonly workshop: Workshop;
  /** Forgets results. */
  readonly freeMemory: () => void;
  /** Describes the nodes anew for a user: files may have come and gone. */
  readonly describe: (user: string) => Promise<Definitions>;
  readonly close: () => Promise<void>;
}

/** Parts of the machine's memory for results, over all workers. Half of it may go to models (`superviseHost`). */
const FOR_RESULTS = 1 / 8;
/** A remote provider's nodes wait for the network: many of them may. */
const AT_A_PROVIDER = 16;
/** Milliseconds that a step may take to end after a cancel, before the inference host ends. Less than the pool's. */
const HOST_GRACE = 350;

/** Loads the packs; the inference host is not asked for before a job needs it. Throws when a pack cannot be loaded. */
export async function openWorkshop(
  { places, localPacks, compat, workers }: WorkerConfig,
  openHost: () => Promise<HostDoor>,
): Promise<OpenWorkshop> {
  const [{ INFERENCE, joinInference, machineMemory }, { SAMPLING_OPTIONS }] = await Promise.all([
    import("@mezzotint/engine/onnx"),
    diffusion(),
  ]);
  const host = joinInference({
    open: openHost,
    graceMs: HOST_GRACE,
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  const offered = [provide(INFERENCE, host), provide(SAMPLING_OPTIONS, compat === undefined ? {} : { compat })];
  const { packs, useOf, definitions: first } = await openRuntime({ places, localPacks, offered });
  let definitions = first;
  const cache = memoryCache((machineMemory() * FOR_RESULTS) / workers);
  const counts = { ...providersIn(definitions), cpu: availableParallelism(), gpu: 1 };
  return {
    workshop: {
      nodes: nodesOf(packs),
      definitions: () => definitions,
      useOf,
      cache,
      slots: slots(counts),
      salt: compat ?? "",
      tellable: (text) => withoutPaths(text, [places.data, ...places.inputs, places.output, places.temp]),
    },
    freeMemory: () => cache.clear(),
    describe: async (user) => {
      const described = await describe(packs, await useOf(user));
      if (user === OWNER) definitions = described;
      return described;
    },
    close: host.close,
  };
}

/** Slots of the providers that nodes ask over the network: those serve many at once. */
function providersIn(definitions: Definitions): Record<string, number> {
  const names = [...definitions.values()].flatMap(({ resources = [] }) => resources);
  const remote = names.filter((name) => name === "net" || name.startsWith("net:"));
  return Object.fromEntries(remote.map((name) => [name, AT_A_PROVIDER]));
}
