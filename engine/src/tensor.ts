/** The element types that cross between nodes and the inference host. */
export type TensorData = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint16Array;

/** A dense tensor in row-major order. Treat it as immutable: others may hold it too. `Uint16Array` holds float16 bits. */
export interface Tensor<D extends TensorData = Float32Array> {
  readonly dims: readonly number[];
  readonly data: D;
}

/** The number of elements of a shape. */
export const elements = (dims: readonly number[]): number => dims.reduce((product, n) => product * n, 1);
