import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import {
  memoryCache,
  NodeError,
  nodesOf,
  type Provided,
  provide,
  type RunEvent,
  run,
  slots,
  stringifyJson,
} from "@mezzotint/engine";
import { diffusion } from "../builtin.js";
import { EXIT, type ExitCode, Failure } from "../failure.js";
import type { Places } from "../places.js";
import { palette } from "./colour.js";
import { type Prepared, placesFor, prepare, type WorkflowOptions } from "./prepare.js";
import { InvalidWorkflow } from "./problems.js";
import { reporter } from "./progress.js";
import { stopwatch } from "./timings.js";

export interface RunCommandOptions extends WorkflowOptions {
  readonly dryRun?: boolean;
  readonly timings?: boolean;
  readonly compat?: string;
}

/** A picture, or another file, that a node wrote where the user looks for results. */
interface Written {
  readonly node: string;
  readonly path: string;
}

/** The user pressed Ctrl-C, or something else asked the process to end. */
class Interrupted extends Failure {
  constructor() {
    super("interrupted", { exitCode: EXIT.interrupted });
  }
}

/** The inference host, started before anything else is loaded: its start overlaps with all of that. */
async function startHost({ compiled }: Places) {
  const { INFERENCE, startInference } = await import("@mezzotint/engine/onnx");
  const host = startInference({ cacheDir: compiled });
  host.warm();
  return { host, provided: provide(INFERENCE, host) };
}

async function samplingOptions(compat: string | undefined): Promise<Provided> {
  const { SAMPLING_OPTIONS } = await diffusion();
  return provide(SAMPLING_OPTIONS, compat === undefined ? {} : { compat });
}

/** Files that a node shows as its results, by ComfyUI's `{ filename, subfolder, type }`. */
function writtenBy(event: RunEvent, { output }: Places): readonly Written[] {
  if (event.type !== "finished" && event.type !== "cached") return [];
  return Object.values(event.shown ?? {})
    .flat()
    .flatMap((item) => {
      const { filename, subfolder = "", type } = (item ?? {}) as Record<string, unknown>;
      if (type !== "output" || typeof filename !== "string") return [];
      return [{ node: event.display, path: join(output, String(subfolder), filename) }];
    });
}

/** What a node is called: its title, else its type. */
const nameIn =
  ({ plan }: Prepared) =>
  (id: string): string => {
    const call = plan.steps.get(id)?.call;
    return call?._meta?.title || call?.class_type || id;
  };

/** Calls `stop` on the first interrupt; the second ends the process on the spot. */
function onInterrupt(stop: () => void): () => void {
  let asked = false;
  const interrupt = () => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    stop();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

/** `mezzotint run FILE`: runs a workflow; prints the path of each file it wrote, or JSON lines. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<ExitCode> {
  const { json = false, timings = false, dryRun = false, compat } = options;
  const where = placesFor(file, options);
  const watch = stopwatch();
  const abort = new AbortController();
  const started = dryRun ? undefined : startHost(where);
  const forget = onInterrupt(() => {
    abort.abort(new Interrupted());
    // The run is over whatever the host is doing; waiting for the end of a long step helps nobody.
    void started?.then(({ host }) => host.close());
  });
  const written: Written[] = [];
  const result = (status: string, more: object = {}) => {
    if (json) console.log(stringifyJson({ type: "result", status, files: written, ...more }));
  };
  try {
    const offered = Promise.all([
      samplingOptions(compat),
      ...(started ? [started.then(({ provided }) => provided)] : []),
    ]);
    const prepared = await prepare(file, options, offered);
    abort.signal.throwIfAborted();
    watch.loaded();
    if (dryRun) return explain(prepared, json);
    const { plan, runtime, prompt } = prepared;
    const told = reporter({ nodes: plan.steps.size, nameOf: nameIn(prepared) }, json);
    try {
      await run(plan, {
        nodes: nodesOf(runtime.packs),
        definitions: runtime.definitions,
        use: runtime.use,
        prompt,
        cache: memoryCache(totalmem() / 8),
        slots: slots({ cpu: availableParallelism() }),
        signal: abort.signal,
        salt: compat ?? "",
        emit: (event) => {
          told.event(event);
          watch.event(event);
          written.push(...writtenBy(event, where));
        },
      });
    } finally {
      told.end();
    }
    if (timings) watch.print(nameIn(prepared), json);
    result("done");
    if (!json) for (const { path } of written) console.log(path);
    return EXIT.done;
  } catch (error) {
    const failure = asFailure(error, abort.signal);
    if (failure instanceof InvalidWorkflow) result("invalid", failure.body);
    else if (failure.exitCode === EXIT.interrupted) result("interrupted");
    else
      result(failure.exitCode === EXIT.invalid ? "invalid" : "failed", { message: failure.message, ...placeOf(error) });
    throw failure;
  } finally {
    forget();
    await started?.then(({ host }) => host.close());
  }
}

/** An interrupt wins over whatever else it made fail. */
function asFailure(error: unknown, { aborted, reason }: AbortSignal): Failure {
  if (aborted) return reason as Failure;
  if (error instanceof Failure) return error;
  return new Failure(error instanceof Error ? error.message : String(error), {
    exitCode: EXIT.failedInNode,
    cause: error,
  });
}

const placeOf = (error: unknown): object =>
  error instanceof NodeError ? { node: error.node, display: error.display, class_type: error.classType } : {};

/** What would run, in order. */
function explain(prepared: Prepared, json: boolean): ExitCode {
  const { steps, targets } = prepared.plan;
  const nameOf = nameIn(prepared);
  if (json) {
    const nodes = [...steps.values()].map(({ id, definition }) => ({
      id,
      class_type: definition.id,
      title: nameOf(id),
    }));
    console.log(JSON.stringify({ type: "dry-run", nodes, targets }));
    return EXIT.done;
  }
  const { dim } = palette(process.stdout);
  console.log(`would run ${steps.size} nodes for ${targets.length} ${targets.length === 1 ? "output" : "outputs"}`);
  for (const { id, definition } of steps.values()) console.log(`  ${id}  ${nameOf(id)}  ${dim(definition.id)}`);
  return EXIT.done;
}
