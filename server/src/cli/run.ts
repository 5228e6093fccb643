import { availableParallelism } from "node:os";
import { NodeError, nodesOf, type Provided, provide, run, slots, stringifyJson } from "@mezzotint/engine";
import { diffusion } from "../builtin.js";
import { EXIT, type ExitCode, Failure, messageOf } from "../failure.js";
import type { Places } from "../places.js";
import { palette } from "./colour.js";
import { Interrupted, onInterrupt } from "./interrupt.js";
import { type Prepared, placesFor, prepare, type WorkflowOptions } from "./prepare.js";
import { previewFile } from "./preview-file.js";
import { printable } from "./printable.js";
import { InvalidWorkflow } from "./problems.js";
import { reporter } from "./progress.js";
import { resultCache } from "./result-cache.js";
import { type Stopwatch, stopwatch } from "./timings.js";
import { type Written, writtenBy } from "./written.js";

/** Options of `run`, as commander gives them. */
export interface RunCommandOptions extends WorkflowOptions {
  readonly cache?: string;
  readonly dryRun?: boolean;
  readonly timings?: boolean;
  readonly preview?: string;
  readonly compat?: string;
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

/** `mezzotint run FILE`: runs a workflow; prints the path of each file it wrote, or JSON lines. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<ExitCode> {
  const { json = false, compat } = options;
  const where = placesFor(file, options);
  const watch = stopwatch();
  const abort = new AbortController();
  const starting = options.dryRun ? undefined : startHost(where);
  const forget = onInterrupt(() => {
    abort.abort(new Interrupted());
    // The run is over whatever the host is doing; waiting for the end of a long step helps nobody.
    void starting?.then(({ host }) => host.close());
  });
  const written: Written[] = [];
  const tell = (status: string, more: object = {}) => {
    if (json) console.log(stringifyJson({ type: "result", status, files: written, ...more }));
  };
  try {
    const services = [samplingOptions(compat), ...(starting ? [starting.then(({ provided }) => provided)] : [])];
    const prepared = await prepare(file, options, Promise.all(services), { partial: true });
    abort.signal.throwIfAborted();
    watch.loaded();
    if (options.dryRun) return explain(prepared, json);
    await runPrepared(prepared, options, { signal: abort.signal, watch, written, output: where.output });
    if (options.timings) watch.print(nameIn(prepared), json);
    tell("done");
    if (!json) for (const { path } of written) console.log(path);
    return EXIT.done;
  } catch (error) {
    const failure = asFailure(error, abort.signal);
    if (failure instanceof InvalidWorkflow) tell("invalid", failure.body);
    else if (failure instanceof Interrupted) tell("interrupted");
    else
      tell(failure.exitCode === EXIT.invalid ? "invalid" : "failed", { message: failure.message, ...placeOf(error) });
    throw failure;
  } finally {
    forget();
    await starting?.then(({ host }) => host.close());
  }
}

interface Watching {
  readonly signal: AbortSignal;
  readonly watch: Stopwatch;
  /** Filled as nodes finish. */
  readonly written: Written[];
  readonly output: string;
}

async function runPrepared(prepared: Prepared, options: RunCommandOptions, watching: Watching): Promise<void> {
  const { plan, runtime, prompt, extra } = prepared;
  const { signal, watch, written, output } = watching;
  const { cache, flush } = await resultCache(options.cache);
  const preview = options.preview === undefined ? undefined : await previewFile(options.preview);
  const blocked: string[] = [];
  const told = reporter({ nodes: plan.steps.size, nameOf: nameIn(prepared) }, options.json ?? false);
  try {
    await run(plan, {
      nodes: nodesOf(runtime.packs),
      definitions: runtime.definitions,
      use: runtime.use,
      prompt,
      extraPngInfo: extra,
      cache,
      slots: slots({ cpu: availableParallelism() }),
      signal,
      salt: options.compat ?? "",
      previews: preview !== undefined,
      emit: (event) => {
        told.event(event);
        preview?.event(event);
        watch.event(event);
        if (event.type === "blocked" && event.message !== undefined) blocked.push(event.message);
        written.push(...writtenBy(event, output));
      },
    });
  } finally {
    told.end();
    await Promise.all([flush(), preview?.flush()]);
  }
  // Nodes that nothing reached are no success for whoever waits for a picture.
  if (blocked.length > 0 && written.length === 0)
    throw new Failure(`nothing was written: ${blocked.join("; ")}`, { exitCode: EXIT.failedInNode });
}

/** What a node is called on a terminal: its title, else its type. */
const nameIn =
  ({ plan }: Prepared) =>
  (id: string): string => {
    const call = plan.steps.get(id)?.call;
    const title: unknown = call?._meta?.title;
    return printable((typeof title === "string" && title) || call?.class_type || id);
  };

/** An interrupt wins over whatever else it made fail. */
function asFailure(error: unknown, { aborted, reason }: AbortSignal): Failure {
  if (aborted) return reason as Failure;
  if (error instanceof Failure) return error;
  return new Failure(messageOf(error), { exitCode: EXIT.failedInNode, cause: error });
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
