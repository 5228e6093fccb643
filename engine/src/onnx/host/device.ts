import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { Frame } from "../../process/index.js";
import { type Errand, type Feed, type Reply, type Task, type TensorHeader, tensorOf } from "./messages.js";
import type { Sessions } from "./sessions.js";

/** What the reception says to the device. `forget`: the client is gone, and all that it kept here with it. */
export type ToDevice =
  | { readonly client: number; readonly frame: Frame<Task | Errand> }
  | { readonly client: number; readonly forget: true };

/** Does what the clients ask of ONNX Runtime. Handles belong to a client and go with it; sessions are everybody's. */
export class Device {
  readonly #sessions: Sessions;
  readonly #handles = new Map<number, Map<string, Tensor>>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Gives the answer to a task; an errand has none. */
  async handle(told: ToDevice): Promise<Frame<Reply> | undefined> {
    const { client } = told;
    if ("forget" in told) return void this.#handles.delete(client);
    const { message } = told.frame;
    const handles = this.#handles.get(client) ?? new Map<string, Tensor>();
    this.#handles.set(client, handles);
    switch (message.type) {
      case "put":
        return void handles.set(message.handle, ortTensor(message, told.frame.parts[0]));
      case "release":
        for (const name of message.handles) handles.delete(name);
        return undefined;
      case "unload":
        await this.#sessions.clear();
        return { message: { type: "unloaded", id: message.id }, parts: [] };
      case "run":
        return this.#run(message, told.frame.parts, handles);
    }
  }

  /** Opens the session if it must, and runs it: nobody's turn comes in between, so that nobody closes it again. */
  async #run(
    { id, session: header, feeds, keep, withModel }: Extract<Task, { type: "run" }>,
    parts: readonly Uint8Array[],
    handles: Map<string, Tensor>,
  ): Promise<Frame<Reply>> {
    let doing = "open";
    try {
      const opened = await this.#sessions.open(header, withModel ? parts.at(-1) : undefined);
      if (!opened) return { message: { type: "missing", id }, parts: [] };
      doing = "run";
      const given = collectFeeds(opened.session, feeds, parts, handles);
      const start = performance.now();
      const results = await opened.session.run(given);
      const ms = performance.now() - start;
      const { parts: data, ...rest } = sort(
        results,
        new Map(keep.map(({ output, handle }) => [output, handle])),
        handles,
      );
      const log = opened.log === undefined ? {} : { log: opened.log };
      return { message: { type: "ran", id, ms, ...rest, ...log }, parts: data };
    } catch (error) {
      return { message: { type: "failed", id, doing, message: (error as Error).message }, parts: [] };
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

/** Keeps what is to be kept; the rest crosses. */
function sort(
  results: InferenceSession.ReturnType,
  keep: ReadonlyMap<string, string>,
  handles: Map<string, Tensor>,
): Pick<Extract<Reply, { type: "ran" }>, "outputs" | "kept"> & { readonly parts: readonly Uint8Array[] } {
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
  return { outputs, kept, parts };
}

function ortTensor(header: TensorHeader, part: Uint8Array | undefined): Tensor {
  return new Tensor(header.dtype as "float32", tensorOf(header, part).data as Float32Array, header.dims);
}
