import type { TensorData } from "../../tensor.js";
import type { AnyTensor } from "../inference.js";

/** The element types that cross. */
export type ElementType = "float32" | "float16" | "int32" | "int64" | "uint8";

/** A tensor whose data is a part of the frame. */
export interface TensorHeader {
  readonly dtype: ElementType;
  readonly dims: readonly number[];
}

/** Where a session's input comes from: the frame's next part, or what the host holds. */
export type Feed = { readonly name: string } & (TensorHeader | { readonly handle: string });

/** What the host has to know of a session besides its model. */
export interface SessionHeader {
  readonly key: string;
  /** For messages to people. */
  readonly name: string;
  readonly bytes: number;
}

/** What a client says to the inference host; tensors and models are the frame's parts. */
export type Request =
  /** Parts: the data of each feed that is not a handle; then the model, once the host has asked for it. */
  | {
      readonly type: "run";
      readonly id: number;
      readonly session: SessionHeader;
      readonly feeds: readonly Feed[];
      readonly keep: readonly { readonly output: string; readonly handle: string }[];
      readonly withModel: boolean;
    }
  /** Part: the data. */
  | ({ readonly type: "put"; readonly handle: string } & TensorHeader)
  | { readonly type: "release"; readonly handles: readonly string[] }
  /** A question that waits is forgotten; one that is worked on has so long to end, then the host ends itself. */
  | { readonly type: "cancel"; readonly question: number; readonly graceMs: number }
  | { readonly type: "unload"; readonly id: number }
  /** Of whom the host was started by: other clients come in at a local socket. */
  | { readonly type: "listen"; readonly id: number; readonly path: string };

/** What waits for its turn at the device. */
export type Task = Extract<Request, { type: "run" | "unload" }>;
/** What the device does at once, whoever's turn it is. */
export type Errand = Extract<Request, { type: "put" | "release" }>;

/** What the inference host answers. */
export type Reply =
  /** From now on the question is worked on. */
  | { readonly type: "started"; readonly id: number }
  /** The host lacks the session's model. */
  | { readonly type: "missing"; readonly id: number }
  /** Parts: the data of each output. */
  | {
      readonly type: "ran";
      readonly id: number;
      readonly ms: number;
      readonly outputs: readonly ({ readonly name: string } & TensorHeader)[];
      readonly kept: readonly { readonly handle: string; readonly dims: readonly number[] }[];
      /** What was opened on the way. */
      readonly log?: string;
    }
  | { readonly type: "failed"; readonly id: number; readonly doing: string; readonly message: string }
  | { readonly type: "unloaded"; readonly id: number }
  | { readonly type: "listening"; readonly id: number };

/** What it says last, to whom it was started by. */
export interface Farewell {
  readonly type: "ending";
  readonly why: string;
}

/** What the host is told when it starts. */
export interface HostConfig {
  /** Bytes of weights that sessions may hold together. */
  readonly memoryBudget: number;
  /** Threads of one operator. */
  readonly threads: number;
  /** Whether it has more clients than whoever started it. */
  readonly shared: boolean;
  readonly cache?: CacheConfig;
}

/** The compiled cache on disk. */
export interface CacheConfig {
  readonly dir: string;
  /** Bytes; absent: the lesser of 20 GB and a tenth of the free disk. */
  readonly budget?: number | undefined;
}

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
} as const;

/** The element type that an array stands for. */
export function elementType(data: TensorData): ElementType {
  for (const [name, array] of Object.entries(ARRAYS)) if (data instanceof array) return name as ElementType;
  throw new TypeError(`${Object.prototype.toString.call(data)} is not tensor data`);
}

/** A tensor over a part of a frame, without a copy. */
export function tensorOf({ dtype, dims }: TensorHeader, part: Uint8Array | undefined): AnyTensor {
  if (!part) throw new Error("a message lacks a tensor's data");
  const array = ARRAYS[dtype];
  return { dims, data: new array(part.buffer as ArrayBuffer, part.byteOffset, part.length / array.BYTES_PER_ELEMENT) };
}
