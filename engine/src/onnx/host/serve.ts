import type { Duplex } from "node:stream";
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { type Frame, FrameReader, writeFrame } from "../../process/frames.js";
import { type Feed, type Reply, type Request, type TensorHeader, tensorOf } from "./messages.js";
import type { Sessions } from "./sessions.js";

/**
 * Serves one client until its stream ends: one request after the other, in order. Handles belong to the client and go
 * with it; sessions are everybody's.
 */
export function serve(stream: Duplex, sessions: Sessions): Promise<void> {
  const handles = new Map<string, Tensor>();
  const frames = new FrameReader<Request>();
  const handle = async (frame: Frame<Request>): Promise<void> => {
    const { message } = frame;
    if (message.type === "release") for (const name of message.handles) handles.delete(name);
    else if (message.type === "put") handles.set(message.handle, ortTensor(message, frame.parts[0]));
    else {
      const reply = await answer(message, frame, sessions, handles).catch(
        (error: Error): Frame<Reply> => ({
          message: { type: "failed", id: message.id, message: error.message },
          parts: [],
        }),
      );
      writeFrame(stream, reply.message, reply.parts);
    }
  };
  return new Promise((resolve, reject) => {
    let last: Promise<void> = Promise.resolve();
    stream.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of frames.push(chunk)) last = last.then(() => handle(frame)).catch(reject);
      } catch (error) {
        reject(error);
      }
    });
    stream.on("error", reject);
    stream.on("end", resolve);
  });
}

type Answered = Extract<Request, { id: number }>;

async function answer(
  request: Answered,
  frame: Frame<Request>,
  sessions: Sessions,
  handles: Map<string, Tensor>,
): Promise<Frame<Reply>> {
  const { id } = request;
  switch (request.type) {
    case "unload":
      await sessions.clear();
      return { message: { type: "unloaded", id }, parts: [] };
    case "open": {
      const opened = await sessions.open(request.session, frame.parts[0]);
      return { message: opened ? { type: "opened", id, ...opened } : { type: "missing", id }, parts: [] };
    }
    case "run": {
      const session = sessions.get(request.session.key);
      if (!session) return { message: { type: "missing", id }, parts: [] };
      const feeds = collectFeeds(session, request.feeds, frame.parts, handles);
      const start = performance.now();
      const results = await session.run(feeds);
      const ms = performance.now() - start;
      const keep = new Map(request.keep.map(({ output, handle }) => [output, handle]));
      return ran(id, ms, results, keep, handles);
    }
  }
}

function collectFeeds(
  session: InferenceSession,
  feeds: readonly Feed[],
  parts: readonly Uint8Array[],
  handles: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const types = new Map(session.inputMetadata.map((input) => [input.name, input.isTensor ? input.type : undefined]));
  const left = [...parts];
  const collected: Record<string, Tensor> = {};
  for (const feed of feeds) {
    if (!types.has(feed.name)) throw new Error(`it has no input ${feed.name}, only ${[...types.keys()].join(", ")}`);
    const tensor = "handle" in feed ? handles.get(feed.handle) : ortTensor(feed, left.shift());
    if (!tensor) throw new Error(`the host does not hold ${feed.name}`);
    const wanted = types.get(feed.name);
    // Booleans come as bytes.
    const given =
      wanted === "bool" && tensor.type === "uint8"
        ? new Tensor("bool", tensor.data as Uint8Array, tensor.dims)
        : tensor;
    if (given.type !== wanted) throw new Error(`input ${feed.name} is ${given.type}, it must be ${wanted}`);
    collected[feed.name] = given;
  }
  for (const name of types.keys()) if (!(name in collected)) throw new Error(`input ${name} is not fed`);
  return collected;
}

function ran(
  id: number,
  ms: number,
  results: InferenceSession.ReturnType,
  keep: ReadonlyMap<string, string>,
  handles: Map<string, Tensor>,
): Frame<Reply> {
  const missing = [...keep.keys()].filter((name) => !(name in results));
  if (missing.length > 0) throw new Error(`it has no output ${missing.join(", ")} to keep`);
  const outputs: ({ name: string } & TensorHeader)[] = [];
  const parts: Uint8Array[] = [];
  const kept: { handle: string; dims: readonly number[] }[] = [];
  for (const [name, value] of Object.entries(results)) {
    const handle = keep.get(name);
    if (handle !== undefined) {
      handles.set(handle, value);
      kept.push({ handle, dims: value.dims });
      continue;
    }
    if (!(value.data instanceof Float32Array))
      throw new Error(`output ${name} is ${value.type}; only float32 crosses, cast it in the graph`);
    outputs.push({ name, dtype: "float32", dims: value.dims });
    parts.push(new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength));
  }
  return { message: { type: "ran", id, ms, outputs, kept }, parts };
}

function ortTensor(header: TensorHeader, part: Uint8Array | undefined): Tensor {
  return new Tensor(header.dtype as "float32", tensorOf(header, part).data as Float32Array, header.dims);
}
