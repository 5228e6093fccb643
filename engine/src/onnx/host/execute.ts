import type { Frame } from "../../process/frames.js";
import type { Tensor } from "../../tensor.js";
import type { AnyTensor, SessionSpec } from "../inference.js";
import { machineMemory } from "../machine-memory.js";
import { type Call, type Held, isHeld } from "./held.js";
import { elementType, type Feed, type Reply, type SessionHeader, tensorOf } from "./messages.js";
import { HostDied, type HostProcess } from "./process.js";

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

/** Runs a call in a host, first giving the host whatever it lacks: the session's model, uploads, kept results. */
export async function execute(host: HostProcess, call: Call, onLog: (line: string) => void): Promise<Outcome> {
  const touched = new Set<Held>();
  try {
    return await perform(host, call, touched, onLog);
  } finally {
    // What was released while the call waited was put back for it.
    const gone = [...touched].filter((record) => record.released && record.on === host);
    for (const record of gone) record.on = undefined;
    if (gone.length > 0) host.notify({ type: "release", handles: gone.map(({ id }) => id) });
  }
}

async function perform(
  host: HostProcess,
  call: Call,
  touched: Set<Held>,
  onLog: (line: string) => void,
): Promise<Outcome> {
  const { feeds, keep } = call;
  for (const feed of feeds.values()) {
    if (!isHeld(feed)) continue;
    touched.add(feed);
    if (feed.on === host) continue;
    if ("tensor" in feed.source) {
      host.notify({ type: "put", handle: feed.id, ...headerOf(feed.source.tensor) }, [feed.source.tensor.data]);
      feed.on = host;
    } else await perform(host, feed.source.run, touched, onLog);
  }
  const { message, parts } = await runOrOpen(host, call, onLog);
  const dims = new Map<Held, readonly number[]>();
  for (const record of keep.values()) {
    touched.add(record);
    record.on = host;
    dims.set(record, message.kept.find(({ handle }) => handle === record.id)?.dims ?? []);
  }
  const outputs = message.outputs.map((header, i) => [header.name, tensorOf(header, parts[i])]);
  return { outputs: Object.fromEntries(outputs) as Record<string, Tensor>, dims, ms: message.ms };
}

type Ran = Extract<Reply, { type: "ran" }>;

/** Tries the run, and opens the session when the host turns out not to have it. */
async function runOrOpen(
  host: HostProcess,
  { session, feeds, keep }: Call,
  onLog: (line: string) => void,
): Promise<Frame<Ran>> {
  const header = headerOfSession(session);
  const inline = [...feeds.values()].filter((feed): feed is AnyTensor => !isHeld(feed));
  const run = () =>
    ask(
      host,
      header,
      "ran",
      {
        type: "run",
        session: header,
        feeds: Array.from(
          feeds,
          ([name, feed]): Feed => ({ name, ...(isHeld(feed) ? { handle: feed.id } : headerOf(feed)) }),
        ),
        keep: Array.from(keep, ([output, { id }]) => ({ output, handle: id })),
      },
      inline.map(({ data }) => data),
    );
  const open = async (...model: Uint8Array[]) => {
    const opened = await ask(host, header, "opened", { type: "open", session: header }, model);
    if (opened?.message.log) onLog(opened.message.log);
    return opened;
  };
  const first = await run();
  if (first) return first;
  if (!(await open())) await open(await session.model());
  const second = await run();
  if (second) return second;
  throw new InferenceError(`${header.name}: the host closed the session before it could run`);
}

/** Asks the host about a session; undefined when it misses something. */
async function ask<T extends "ran" | "opened">(
  host: HostProcess,
  { name, bytes }: SessionHeader,
  wanted: T,
  ...question: Parameters<HostProcess["request"]>
): Promise<Frame<Extract<Reply, { type: T }>> | undefined> {
  const doing = wanted === "ran" ? "run" : "open";
  const frame = await host.request(...question).catch((error: unknown) => {
    if (!(error instanceof HostDied)) throw error;
    throw new InferenceError(
      `${name}: the inference host died while it tried to ${doing} this session (${error.message}). ${wayOut(error.message, bytes)}`,
      { cause: error },
    );
  });
  const { message } = frame;
  if (message.type === "missing") return undefined;
  if (message.type === "failed")
    throw new InferenceError(
      `${name}: cannot ${doing}: ${message.message}${/alloc/i.test(message.message) ? `. ${outOfMemory(bytes)}` : ""}`,
    );
  return frame as Frame<Extract<Reply, { type: T }>>;
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
