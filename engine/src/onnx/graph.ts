import { elements } from "../tensor.js";
import { type DType, STORED, type StoredType } from "./dtype.js";
import type { WeightRef } from "./weights.js";

/** A size that is known, or the name of one that each run decides (`batch`, `height`). */
export type Dim = number | string;

/** A literal tensor, row-major. */
export interface Literal {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** ONNX attributes: a whole number is an INT, another number a FLOAT; `{ float }` says FLOAT for a whole one. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly tensor: Literal };
/** The attributes of an op by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One call of an ONNX operator; an empty input name is an omitted optional input. */
export interface Op {
  readonly type: string;
  /** "" is the standard operator set; `com.microsoft` is ONNX Runtime's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A named input or output of the whole graph. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly dims?: readonly Dim[];
}

/** A tensor in a graph under construction. Immutable; every op returns a new one. */
export class Value {
  readonly graph: Graph;
  readonly name: string;
  constructor(graph: Graph, name: string) {
    this.graph = graph;
    this.name = name;
  }

  /** Applies modules left to right, as a paper's figure reads. */
  pipe(...modules: readonly Module[]): Value {
    return modules.reduce<Value>((x, module) => module(x), this);
  }
}

/** A piece of a network: a function from one tensor to the next. */
export type Module = (x: Value) => Value;

/** How modules build a graph where there is a choice. */
export interface GraphOptions {
  /**
   * `fused`: ONNX Runtime's MultiHeadAttention, fastest on CPU. `matmul`: MatMul, Softmax, MatMul, for execution
   * providers whose fused kernel is wrong or missing (WebGPU). Default `fused`.
   */
  readonly attention?: "fused" | "matmul";
  /**
   * `winograd`: fewer multiplications and more small ops where a model asks for it, fastest on CPU. `direct`: Conv
   * everywhere. Default `winograd`.
   */
  readonly convolution?: "winograd" | "direct";
}

/** An append-only list of ops over inputs, weights and literals. It knows tensors and names; it knows no model. */
export class Graph {
  readonly options: Required<GraphOptions>;
  readonly ops: Op[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  /** Initializers by name: weights stay in their files, literals are inline. */
  readonly weights = new Map<string, WeightRef>();
  readonly literals = new Map<string, Literal>();
  readonly #made = new Map<string, Value>();

  constructor(options: GraphOptions = {}) {
    this.options = { attention: "fused", convolution: "winograd", ...options };
  }

  /** A tensor that each run feeds. */
  input(name: string, dtype: DType, dims: readonly Dim[]): Value {
    if (this.inputs.some((port) => port.name === name)) throw new Error(`the graph already has an input ${name}`);
    this.inputs.push({ name, dtype, dims });
    return new Value(this, name);
  }

  /** Makes a value a result of each run, under this name. */
  output(name: string, value: Value, dtype: DType = "float32"): void {
    if (this.outputs.some((port) => port.name === name)) throw new Error(`the graph already has an output ${name}`);
    this.ops.push({ type: "Identity", domain: "", inputs: [value.name], outputs: [name], attributes: {} });
    this.outputs.push({ name, dtype });
  }

  /** An initializer that stays in its file; floats of another width are cast to float32. The same bytes come once. */
  weight(ref: WeightRef): Value {
    const { file, key, dtype, shape, offset } = ref;
    return this.#once(`weight ${file} ${dtype} ${shape.join()} ${offset}`, () => {
      const name = this.weights.has(key) ? `${key}#${this.weights.size}` : key;
      this.weights.set(name, ref);
      return needsCast(dtype) ? this.op("Cast", [new Value(this, name)], { to: 1 }) : new Value(this, name);
    });
  }

  /** A literal: a scalar for a number, else a tensor, 1-D unless `dims` says otherwise. Equal literals come once. */
  constant(
    values: number | Iterable<number>,
    { dtype = "float32", dims }: { readonly dtype?: DType; readonly dims?: readonly number[] } = {},
  ): Value {
    const flat = typeof values === "number" ? [values] : [...values];
    const shape = dims ?? (typeof values === "number" ? [] : [flat.length]);
    if (elements(shape) !== flat.length)
      throw new Error(`a constant of shape [${shape.join(", ")}] has ${flat.length} values`);
    return this.#once(`constant ${dtype} ${shape.join()} ${flat.join()}`, () => {
      const name = `constant_${this.literals.size}`;
      this.literals.set(name, { dtype, dims: shape, values: flat });
      return new Value(this, name);
    });
  }

  /** Appends an op with one output. */
  op(
    type: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes = {},
    options: { readonly domain?: string } = {},
  ): Value {
    return this.many(type, 1, inputs, attributes, options)[0] as Value;
  }

  /** Appends an op with several outputs. */
  many(
    type: string,
    count: number,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes = {},
    { domain = "" }: { readonly domain?: string } = {},
  ): Value[] {
    if (inputs.some((input) => input && input.graph !== this)) throw new Error(`${type}: an input is of another graph`);
    const outputs = Array.from({ length: count }, (_, i) => `${type}_${this.ops.length}${i === 0 ? "" : `_${i}`}`);
    this.ops.push({ type, domain, inputs: inputs.map((input) => input?.name ?? ""), outputs, attributes });
    return outputs.map((name) => new Value(this, name));
  }

  #once(key: string, make: () => Value): Value {
    const value = this.#made.get(key) ?? make();
    this.#made.set(key, value);
    return value;
  }
}

const needsCast = (dtype: StoredType): boolean => STORED[dtype].float && dtype !== "F32";
