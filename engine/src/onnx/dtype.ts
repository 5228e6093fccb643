/** An element type as a `.safetensors` header names it. */
export type StoredType = keyof typeof STORED;

/** An element type of a graph's inputs, outputs and constants. */
export type DType = "float32" | "float16" | "int32" | "int64" | "uint8" | "bool";

interface Stored {
  /** Bytes of one element. */
  readonly bytes: number;
  /** TensorProto.DataType (onnx.proto). */
  readonly onnx: number;
  /** A float of another width: computed as float32 after a Cast. */
  readonly float: boolean;
}

/** Every element type that a weight may have: its width, and what ONNX calls it. */
export const STORED = {
  F64: { bytes: 8, onnx: 11, float: true },
  F32: { bytes: 4, onnx: 1, float: true },
  F16: { bytes: 2, onnx: 10, float: true },
  BF16: { bytes: 2, onnx: 16, float: true },
  F8_E4M3: { bytes: 1, onnx: 17, float: true },
  F8_E5M2: { bytes: 1, onnx: 19, float: true },
  I64: { bytes: 8, onnx: 7, float: false },
  I32: { bytes: 4, onnx: 6, float: false },
  I16: { bytes: 2, onnx: 5, float: false },
  I8: { bytes: 1, onnx: 3, float: false },
  U64: { bytes: 8, onnx: 13, float: false },
  U32: { bytes: 4, onnx: 12, float: false },
  U16: { bytes: 2, onnx: 4, float: false },
  U8: { bytes: 1, onnx: 2, float: false },
  BOOL: { bytes: 1, onnx: 9, float: false },
} as const satisfies Record<string, Stored>;

/** TensorProto.DataType of the types that graphs compute with. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** Whether a header's dtype is one that we can read. */
export const isStoredType = (name: unknown): name is StoredType =>
  typeof name === "string" && Object.hasOwn(STORED, name);
