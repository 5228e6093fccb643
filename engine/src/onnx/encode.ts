import { createHash } from "node:crypto";
import { resolve } from "node:path";
import protobuf from "protobufjs/minimal.js";
import { type DType, ONNX_TYPE, STORED } from "./dtype.js";
import type { Attribute, Dim, Graph, Literal, Op, Port } from "./graph.js";
import type { WeightRef } from "./weights.js";

type Writer = protobuf.Writer;

/** Field numbers and enums of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). */
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8 };
const OPSET = { domain: 1, version: 2 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, type: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { name: 1, float: 2, int: 3, string: 4, tensor: 5, ints: 8, type: 20 };
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };
const EXTERNAL = 1;
const ENTRY = { key: 1, value: 2 };
const VALUE_INFO = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { elem: 1, shape: 2 };
const SHAPE = { dim: 1 };
const DIM = { value: 1, param: 2 };

const IR_VERSION = 10;
const OPSETS: readonly (readonly [domain: string, version: number])[] = [
  ["", 21],
  ["com.microsoft", 1],
];

/**
 * A graph as an ONNX ModelProto. Weights are external data, located relative to the root folder, so that one graph
 * may use files of different folders: create the session with `model_external_initializers_file_folder_path: "/"`.
 */
export const encode = (graph: Graph): Uint8Array => encodeWith(graph, (file) => resolve(file).replace(/^\//, ""));

/**
 * Identifies a graph by its ops and by what it reads: `identity` gives a file's content hash, so that a moved file keeps
 * its key and a changed one doesn't.
 */
export const graphKey = (graph: Graph, identity: (file: string) => string): string =>
  createHash("sha256").update(encodeWith(graph, identity)).digest("hex");

function encodeWith(graph: Graph, locate: (file: string) => string): Uint8Array {
  const model = protobuf.Writer.create();
  int(model, MODEL.irVersion, IR_VERSION);
  string(model, MODEL.producer, "mezzotint");
  message(model, MODEL.graph, (w) => {
    for (const op of graph.ops) message(w, GRAPH.node, (node) => writeNode(node, op));
    string(w, GRAPH.name, "graph");
    for (const [name, ref] of graph.weights) message(w, GRAPH.initializer, (t) => writeWeight(t, name, ref, locate));
    for (const [name, literal] of graph.literals) message(w, GRAPH.initializer, (t) => writeLiteral(t, name, literal));
    for (const port of graph.inputs) message(w, GRAPH.input, (info) => writePort(info, port));
    for (const port of graph.outputs) message(w, GRAPH.output, (info) => writePort(info, port));
  });
  for (const [domain, version] of OPSETS)
    message(model, MODEL.opset, (w) => {
      string(w, OPSET.domain, domain);
      int(w, OPSET.version, version);
    });
  return model.finish();
}

function writeNode(w: Writer, op: Op): void {
  for (const name of op.inputs) string(w, NODE.input, name);
  for (const name of op.outputs) string(w, NODE.output, name);
  string(w, NODE.name, op.outputs[0] ?? op.type);
  string(w, NODE.type, op.type);
  for (const [name, value] of Object.entries(op.attributes))
    message(w, NODE.attribute, (attribute) => {
      string(attribute, ATTRIBUTE.name, name);
      int(attribute, ATTRIBUTE.type, writeAttribute(attribute, value));
    });
  string(w, NODE.domain, op.domain);
}

/** Writes the value and returns its AttributeProto.AttributeType. */
function writeAttribute(w: Writer, value: Attribute): number {
  if (typeof value === "string") {
    string(w, ATTRIBUTE.string, value);
    return ATTRIBUTE_TYPE.string;
  }
  if (typeof value === "number" && Number.isInteger(value)) {
    int(w, ATTRIBUTE.int, value);
    return ATTRIBUTE_TYPE.int;
  }
  if (typeof value === "number" || "float" in value) {
    w.uint32(tag(ATTRIBUTE.float, 5)).float(typeof value === "number" ? value : value.float);
    return ATTRIBUTE_TYPE.float;
  }
  if ("tensor" in value) {
    message(w, ATTRIBUTE.tensor, (t) => writeLiteral(t, "", value.tensor));
    return ATTRIBUTE_TYPE.tensor;
  }
  for (const n of value) int(w, ATTRIBUTE.ints, n);
  return ATTRIBUTE_TYPE.ints;
}

function writeWeight(w: Writer, name: string, ref: WeightRef, locate: (file: string) => string): void {
  for (const n of ref.shape) int(w, TENSOR.dims, n);
  int(w, TENSOR.type, STORED[ref.dtype].onnx);
  string(w, TENSOR.name, name);
  const external = { location: locate(ref.file), offset: String(ref.offset), length: String(ref.length) };
  for (const [key, value] of Object.entries(external))
    message(w, TENSOR.external, (entry) => {
      string(entry, ENTRY.key, key);
      string(entry, ENTRY.value, value);
    });
  int(w, TENSOR.location, EXTERNAL);
}

function writeLiteral(w: Writer, name: string, { dtype, dims, values }: Literal): void {
  for (const n of dims) int(w, TENSOR.dims, n);
  int(w, TENSOR.type, ONNX_TYPE[dtype]);
  string(w, TENSOR.name, name);
  w.uint32(tag(TENSOR.raw, 2)).bytes(rawBytes(dtype, values));
}

/** Little-endian bytes, as TensorProto.raw_data holds them. */
function rawBytes(dtype: DType, values: readonly number[]): Uint8Array {
  const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  switch (dtype) {
    case "float32":
      return bytesOf(Float32Array.from(values));
    case "int64":
      return bytesOf(BigInt64Array.from(values, (n) => BigInt(n)));
    case "int32":
      return bytesOf(Int32Array.from(values));
    case "uint8":
    case "bool":
      return Uint8Array.from(values);
    case "float16":
      throw new Error("a float16 literal cannot be written; use a float32 one and cast it");
  }
}

function writePort(w: Writer, { name, dtype, dims }: Port): void {
  string(w, VALUE_INFO.name, name);
  message(w, VALUE_INFO.type, (type) =>
    message(type, TYPE.tensor, (tensor) => {
      int(tensor, TENSOR_TYPE.elem, ONNX_TYPE[dtype]);
      if (!dims) return;
      message(tensor, TENSOR_TYPE.shape, (shape) => {
        for (const dim of dims) writeDim(shape, dim);
      });
    }),
  );
}

const writeDim = (w: Writer, dim: Dim): void =>
  message(w, SHAPE.dim, (d) => (typeof dim === "number" ? int(d, DIM.value, dim) : string(d, DIM.param, dim)));

const tag = (field: number, wire: number): number => (field << 3) | wire;
const int = (w: Writer, field: number, value: number): void => void w.uint32(tag(field, 0)).int64(value);
const string = (w: Writer, field: number, value: string): void => void w.uint32(tag(field, 2)).string(value);
function message(w: Writer, field: number, write: (w: Writer) => void): void {
  w.uint32(tag(field, 2)).fork();
  write(w);
  w.ldelim();
}
