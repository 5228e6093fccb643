import { type DType, ONNX_TYPE } from "./dtype.js";
import type { Attributes, Literal, Module, Value } from "./graph.js";
import type { WeightRef, Weights } from "./weights.js";

/** A value, or a number that becomes a float32 scalar beside one. */
export type Operand = Value | number;

const binary =
  (type: string) =>
  (a: Value, b: Operand): Value =>
    a.graph.op(type, [a, typeof b === "number" ? a.graph.constant(b) : b]);
const unary =
  (type: string, attributes: Attributes = {}): Module =>
  (x) =>
    x.graph.op(type, [x], attributes);
const ints = (x: Value, values: readonly number[]): Value => x.graph.constant(values, { dtype: "int64" });

/** Elementwise with broadcasting. */
export const add: (a: Value, b: Operand) => Value = binary("Add");
/** Elementwise with broadcasting. */
export const sub: (a: Value, b: Operand) => Value = binary("Sub");
/** Elementwise with broadcasting. */
export const mul: (a: Value, b: Operand) => Value = binary("Mul");
/** Elementwise with broadcasting. */
export const div: (a: Value, b: Operand) => Value = binary("Div");

/** 1 / (1 + e^-x), elementwise. */
export const sigmoid: Module = unary("Sigmoid");
/** Elementwise. */
export const tanh: Module = unary("Tanh");
/** max(x, 0), elementwise. */
export const relu: Module = unary("Relu");
/** Elementwise. */
export const exp: Module = unary("Exp");
/** Elementwise. */
export const sin: Module = unary("Sin");
/** Elementwise. */
export const cos: Module = unary("Cos");
/** x · sigmoid(x) in two ops: ONNX Runtime's fused forms are slower on CPU. */
export const silu: Module = (x) => mul(x, sigmoid(x));
/** The exact GELU, with erf. */
export const gelu: Module = unary("Gelu");
/** x · sigmoid(1.702 x), the GELU of OpenAI's CLIP. */
export const quickGelu: Module = (x) => mul(x, sigmoid(mul(x, 1.702)));
/** Positive and adding up to 1 along an axis. */
export const softmax = (axis = -1): Module => unary("Softmax", { axis });
/** Limits values to [low, high]. */
export const clip =
  (low: number, high: number): Module =>
  (x) =>
    x.graph.op("Clip", [x, x.graph.constant(low), x.graph.constant(high)]);
/** The same values in another element type. */
export const cast = (dtype: DType): Module => unary("Cast", { to: ONNX_TYPE[dtype] });

/** 0 keeps an axis as it is, -1 takes what is left. */
export const reshape =
  (...shape: number[]): Module =>
  (x) =>
    x.graph.op("Reshape", [x, ints(x, shape)]);
/** Gives a value the shape of another with as many elements. */
export const reshapeLike =
  (other: Value): Module =>
  (x) =>
    x.graph.op("Reshape", [x, shapeOf(other)]);
/** Axes in another order: the i-th of the result is `perm[i]` of the operand. */
export const transpose = (...perm: number[]): Module => unary("Transpose", { perm });
/** Inserts axes of size 1 at these places of the result. */
export const unsqueeze =
  (...axes: number[]): Module =>
  (x) =>
    x.graph.op("Unsqueeze", [x, ints(x, axes)]);
/** Puts values one after the other along an axis. */
export const concat = (axis: number, ...xs: [Value, ...Value[]]): Value => xs[0].graph.op("Concat", xs, { axis });
/** Splits an axis into equal parts. */
export const split = (x: Value, count: number, axis = -1): Value[] =>
  x.graph.many("Split", count, [x], { axis, num_outputs: count });
/** The two halves of an axis. */
export const halves = (x: Value, axis = -1): [Value, Value] => split(x, 2, axis) as [Value, Value];
/** Elements `from` (inclusive) to `to` (exclusive) of an axis; negative numbers count from the end. */
export const slice =
  (axis: number, from: number, to: number): Module =>
  (x) =>
    x.graph.op("Slice", [x, ints(x, [from]), ints(x, [to]), ints(x, [axis])]);
/** Pads every axis: all starts, then all ends, as ONNX orders them. */
export const pad =
  (pads: readonly number[], value = 0): Module =>
  (x) =>
    x.graph.op("Pad", [x, ints(x, pads), x.graph.constant(value)]);
/** Repeats a value along its axes to `dims` (a 1-D int64 value). */
export const expand =
  (dims: Value): Module =>
  (x) =>
    x.graph.op("Expand", [x, dims]);
/** The shape, or axes `from` to `to` of it, as a 1-D int64 value. */
export const shapeOf = (x: Value, from = 0, to?: number): Value =>
  x.graph.op("Shape", [x], { start: from, ...(to === undefined ? {} : { end: to }) });
/** Picks entries of an axis by index. */
export const gather = (x: Value, indices: Value, axis = 0): Value => x.graph.op("Gather", [x, indices], { axis });
/** The row of a table [V,D] for each id: [...] → [...,D]. */
export const embedding =
  (w: Weights): Module =>
  (ids) =>
    gather(ids.graph.weight(w.tensor("weight")), ids);

const plus = (x: Value, bias: WeightRef | undefined): Value => (bias ? add(x, x.graph.weight(bias)) : x);

/** x·Wᵀ + b for W [out,in]; the transposition is folded when the session is created. */
export const dense =
  (weight: WeightRef, bias?: WeightRef): Module =>
  (x) =>
    plus(x.graph.op("MatMul", [x, x.graph.weight(weight).pipe(transpose(1, 0))]), bias);
/** A linear layer: `weight` [out,in] or a 1×1 convolution's [out,in,1,1], and `bias` [out] if there is one. */
export const linear = (w: Weights): Module => {
  const [out = 0, input = 0, ...ones] = w.shape("weight");
  return dense(ones.length === 0 ? w.tensor("weight") : w.reshaped("weight", [out, input]), w.optional("bias"));
};

/** A 2-D convolution; `pads` are top, left, bottom, right and keep the size of an odd kernel by default. */
export const conv2d =
  (w: Weights, { stride = 1, pads }: { readonly stride?: number; readonly pads?: readonly number[] } = {}): Module =>
  (x) => {
    const [, , height = 1, width = 1] = w.shape("weight");
    const bias = w.optional("bias");
    const inputs = [x, x.graph.weight(w.tensor("weight")), bias && x.graph.weight(bias)];
    return x.graph.op("Conv", inputs, {
      kernel_shape: [height, width],
      pads: pads ?? [height >> 1, width >> 1, height >> 1, width >> 1],
      strides: [stride, stride],
    });
  };

/**
 * Group normalisation (Wu and He, 2018) of [B,C,H,W]: the groups become the channels of an InstanceNormalization,
 * measured to be the fastest form on CPU.
 */
export const groupNorm =
  (w: Weights, { groups, epsilon = 1e-5 }: { readonly groups: number; readonly epsilon?: number }): Module =>
  (x) => {
    const [channels = 0] = w.shape("weight");
    const ones = x.graph.constant(new Array<number>(groups).fill(1));
    const zeros = x.graph.constant(new Array<number>(groups).fill(0));
    const grouped = x.pipe(reshape(0, groups, -1));
    const normed = x.graph.op("InstanceNormalization", [grouped, ones, zeros], { epsilon: { float: epsilon } });
    const affine = (name: string) => x.graph.weight(w.reshaped(name, [channels, 1, 1]));
    return add(mul(normed.pipe(reshapeLike(x)), affine("weight")), affine("bias"));
  };

/** Layer normalisation over the last axis. */
export const layerNorm =
  (w: Weights, { epsilon = 1e-5 }: { readonly epsilon?: number } = {}): Module =>
  (x) => {
    const bias = w.optional("bias");
    const inputs = [x, x.graph.weight(w.tensor("weight")), bias && x.graph.weight(bias)];
    return x.graph.op("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
  };

const NEAREST = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" } as const;

/** Repeats each pixel of [B,C,H,W] `factor` times both ways. */
export const upsampleNearest =
  (factor = 2): Module =>
  (x) =>
    x.graph.op("Resize", [x, undefined, x.graph.constant([1, 1, factor, factor])], NEAREST);
/** Resizes [B,C,H,W] to the height and width of another value by nearest neighbour: skips of odd sizes fit again. */
export const resizeNearestLike =
  (other: Value): Module =>
  (x) => {
    const size = concat(0, shapeOf(x, 0, 2), shapeOf(other, 2, 4));
    return x.graph.op("Resize", [x, undefined, undefined, size], NEAREST);
  };

/**
 * Sinusoidal embedding of timesteps [B] → [B,dim], cosines first (diffusers: flip_sin_to_cos, no frequency shift).
 * Frequencies are rounded as float32 arithmetic rounds them, since a timestep multiplies their error by up to 1000.
 */
export const timestepEmbedding =
  (dim: number, { maxPeriod = 10_000 }: { readonly maxPeriod?: number } = {}): Module =>
  (t) => {
    const half = dim >> 1;
    const { fround } = Math;
    const frequencies = Array.from({ length: half }, (_, i) =>
      fround(Math.exp(fround(fround(fround(-Math.log(maxPeriod)) * i) / half))),
    );
    const angles = mul(t.pipe(reshape(-1, 1)), t.graph.constant(frequencies, { dims: [1, half] }));
    const both = concat(1, cos(angles), sin(angles));
    return dim % 2 === 0 ? both : both.pipe(pad([0, 0, 0, 1]));
  };

/** What a position may attend to; everything by default. */
export interface AttentionOptions {
  /** Added to the scores before the softmax: broadcasts to [B, heads, T, S]. */
  readonly mask?: Value;
  /** Each position sees itself and what is before it. */
  readonly causal?: boolean;
}

/** Softmax(q·kᵀ/√width)·v per head, over q [B,T,heads·width], k and v [B,S,heads·width] → [B,T,heads·width]. */
export function multiHeadAttention(q: Value, k: Value, v: Value, heads: number, options: AttentionOptions = {}): Value {
  const { mask, causal = false } = options;
  const { graph } = q;
  if (graph.options.attention === "fused") {
    const inputs = [q, k, v, undefined, undefined, mask];
    const attributes = { num_heads: heads, ...(causal ? { unidirectional: 1 } : {}) };
    return graph.op("MultiHeadAttention", inputs, attributes, { domain: "com.microsoft" });
  }
  const apart = (x: Value, ...perm: number[]) => x.pipe(reshape(0, 0, heads, -1), transpose(...perm));
  const queries = apart(q, 0, 2, 1, 3);
  const width = shapeOf(queries, 3).pipe(cast("float32"));
  let scores = graph.op("MatMul", [div(queries, graph.op("Sqrt", [width])), apart(k, 0, 2, 3, 1)]);
  if (mask) scores = add(scores, mask);
  if (causal) scores = add(scores, future(scores));
  const mixed = graph.op("MatMul", [softmax(-1)(scores), apart(v, 0, 2, 1, 3)]);
  return mixed.pipe(transpose(0, 2, 1, 3), reshape(0, 0, -1));
}

/** A [T,S] mask that is very negative above the diagonal, for scores [B,heads,T,S]. */
function future(scores: Value): Value {
  const lowest: Literal = { dtype: "float32", dims: [1], values: [-3.4e38] };
  const all = scores.graph.op("ConstantOfShape", [shapeOf(scores, 2)], { value: { tensor: lowest } });
  return scores.graph.op("Trilu", [all, scores.graph.constant(1, { dtype: "int64" })], { upper: 1 });
}
