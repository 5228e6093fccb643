import { type Service, service } from "../run/service.js";
import type { Tensor, TensorData } from "../tensor.js";

/** A tensor that the inference host holds. It outlives the host: after a restart it is rebuilt from its description. */
export interface Handle {
  readonly id: string;
  readonly dims: readonly number[];
}

/** What an ONNX Runtime session is made of. */
export interface SessionSpec {
  /** Identifies the session: a hash of graph and weights. The host has at most one session of a key. */
  readonly key: string;
  /** For messages to people, e.g. `UNet of v1-5.safetensors`. */
  readonly name?: string;
  /** The encoded ONNX ModelProto; asked for only when the host has no such session yet. */
  readonly model: () => Uint8Array | Promise<Uint8Array>;
  /** Bytes of all weights in the compute type: what the session costs against the host's memory budget. */
  readonly bytes: number;
}

/** A tensor of any element type that crosses to the host. */
export type AnyTensor = Tensor<TensorData>;
/** A run's inputs by the names of the graph's ports: tensors that are sent along, or handles of what the host has. */
export type Feeds = Readonly<Record<string, AnyTensor | Handle>>;

/** What a run gave. */
export interface RunResult {
  /** Every output that was not kept. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Outputs named in `keep`: they stay in the host. */
  readonly kept: Readonly<Record<string, Handle>>;
  /** Milliseconds that the session itself ran, as the host measured. */
  readonly ms: number;
}

/** Runs ONNX graphs in a process of its own (docs: ARCHITECTURE.md, Processes). */
export interface Inference {
  /**
   * Runs a session, creating it first if need be; runs take turns. A run that is aborted while it waits never starts.
   * One that is under way may end within a grace period, or the host is killed: the runs that wait go on in a new one.
   */
  readonly run: (
    session: SessionSpec,
    feeds: Feeds,
    options?: { readonly signal?: AbortSignal; readonly keep?: readonly string[] },
  ) => Promise<RunResult>;
  /** Puts a tensor into the host once, for many runs. The upload itself happens when a run first needs it. */
  readonly upload: (tensor: AnyTensor) => Handle;
  /** Forgets handles. */
  readonly release: (handles: Iterable<Handle>) => void;
  /** Drops sessions; they are made again on demand. */
  readonly unload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The inference host, as nodes ask for it: `ctx.use(INFERENCE)`. */
export const INFERENCE: Service<Inference> = service<Inference>("inference");
