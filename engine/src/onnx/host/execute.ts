import type { Frame } from "../../process/frames.js";
import type { Tensor } from "../../tensor.js";
import type { AnyTensor, SessionSpec } from "../inference.js";
import { machineMemory } from "../machine-memory.js";
import { type Call, type Held, isHeld } from "./held.js";
import { HostDied, type HostLink, type Question } from "./link.js";
import { elementType, type Feed, type Reply, type SessionHeader, tensorOf } from "./messages.js";

/**
 * A session that could not be created or run, or the host's death in the middle; the message names the session. Only
 * after a death it has a cause, a {@link HostDied}.
 */
export class InferenceError extends Error {
  override readonly name = "InferenceError";
}

/** What a run gave: outputs by name, and the shapes of kept ones. */
export interface Outcome {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly dims: ReadonlyMap<Held, readonly number[]>;
  readonly ms: number;
}

/** How a call is carried out. */
export interface Execution {
  readonly host: HostLink;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that a run under way may take to end after an abort; then its host ends. */
  readonly graceMs: number;
  readonly onLog: (line: string) => void;
}

/**
 * Runs a call in a host, first giving the host whatever it lacks: the session's model, uploads, kept results. Rejects
 * with the signal's reason after an abort: at once while the call waits for its turn, else as soon as it has ended.
 */
export async function execute(execution: Execution, call: Call): Promise<Outcome> {
  const { host } = execution;
  const touched = new Set<Held>();
  try {
    return await perform(execution, call, touched);
  } finally {
    // What was released while the call waited was put back for it.
    release(
      host,
      [...touched].filter((record) => record.released && record.on === host),
    );
  }
}

/** Has the host forget what it holds. */
export function release(host: HostLink, records: Iterable<Held>): void {
  const handles = Array.from(records, (record) => {
    record.on = undefined;
    return record.id;
  });
  if (handles.length > 0) host.notify({ type: "release", handles });
}

async function perform(execution: Execution, call: Call, touched: Set<Held>): Promise<Outcome> {
  const { host } = execution;
  const { feeds, keep } = call;
  for (const feed of feeds.values()) {
    if (!isHeld(feed)) continue;
    touched.add(feed);
    if (feed.on === host) continue;
    if ("tensor" in feed.source) {
      host.notify({ type: "put", handle: feed.id, ...headerOf(feed.source.tensor) }, [feed.source.tensor.data]);
      feed.on = host;
    } else await perform(execution, feed.source.run, touched);
  }
  const { message, parts } = await runWithModel(execution, call).finally(() => {
    // Whatever became of the run: nobody will ask for what it kept.
    if (execution.signal?.aborted) release(host, keep.values());
  });
  execution.signal?.throwIfAborted();
  if (message.log !== undefined) execution.onLog(message.log);
  const dims = new Map<Held, readonly number[]>();
  for (const record of keep.values()) {
    touched.add(record);
    record.on = host;
    dims.set(record, message.kept.find(({ handle }) => handle === record.id)?.dims ?? []);
  }
  const outputs = message.outputs.map((header, i) => [header.name, tensorOf(header, parts[i])]);
  return { outputs: Object.fromEntries(outputs) as Record<string, Tensor>, dims, ms: message.ms };
}

type Ran = Frame<Extract<Reply, { type: "ran" }>>;

/** Tries the run, and again with the model when the host turns out not to have it. */
async function runWithModel(execution: Execution, { session, feeds, keep }: Call): Promise<Ran> {
  const header = headerOfSession(session);
  const inline = [...feeds.values()].filter((feed): feed is AnyTensor => !isHeld(feed)).map(({ data }) => data);
  const run = (model?: Uint8Array) => {
    const question: Question = {
      type: "run",
      session: header,
      feeds: Array.from(
        feeds,
        ([name, feed]): Feed => ({ name, ...(isHeld(feed) ? { handle: feed.id } : headerOf(feed)) }),
      ),
      keep: Array.from(keep, ([output, { id }]) => ({ output, handle: id })),
      withModel: model !== undefined,
    };
    return ask(execution, header, question, model ? [...inline, model] : inline);
  };
  const ran = (await run()) ?? (await run(await session.model()));
  if (!ran) throw new InferenceError(`${header.name}: the host does not find the model that it was given`);
  return ran;
}

/** Asks the host for a run; undefined when it misses the model. */
async function ask(
  { host, signal, graceMs }: Execution,
  { name, bytes }: SessionHeader,
  question: Question,
  parts: readonly ArrayBufferView[],
): Promise<Ran | undefined> {
  signal?.throwIfAborted();
  const { answer, cancel } = host.ask(question, parts);
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      if (!cancel(graceMs)) reject(signal?.reason);
    };
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  const frame = await Promise.race([answer, aborted])
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      if (!(error instanceof HostDied)) throw error;
      const when = error.begun ? "while it ran this session" : "before it could run this session";
      throw new InferenceError(
        `${name}: the inference host died ${when} (${error.message}). ${wayOut(error.message, bytes)}`,
        { cause: error },
      );
    })
    .finally(() => signal?.removeEventListener("abort", onAbort));
  const { message } = frame;
  if (message.type === "missing") return undefined;
  if (message.type === "failed")
    throw new InferenceError(
      `${name}: cannot ${message.doing}: ${message.message}${/alloc/i.test(message.message) ? `. ${outOfMemory(bytes)}` : ""}`,
    );
  return frame as Ran;
}

const wayOut = (death: string, bytes: number): string =>
  /SIGKILL|alloc/.test(death)
    ? `Most likely memory ran out. ${outOfMemory(bytes)}`
    : "The next run starts a new host; if this one dies again, its model or its inputs make ONNX Runtime crash.";

const outOfMemory = (bytes: number): string =>
  `The model's weights take ${gigabytes(bytes)} of ${gigabytes(machineMemory())}: close other programs, make the picture or the batch smaller, or lower the memory budget.`;

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const headerOf = ({ dims, data }: AnyTensor) => ({ dtype: elementType(data), dims });

const headerOfSession = ({ key, bytes, name }: SessionSpec): SessionHeader => ({
  key,
  bytes,
  name: name ?? `session ${key.slice(0, 12)}`,
});
