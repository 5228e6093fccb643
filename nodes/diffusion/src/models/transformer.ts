import {
  add,
  gelu,
  halves,
  layerNorm,
  type Module,
  mul,
  multiHeadAttention,
  reshape,
  reshapeLike,
  transpose,
  type Value,
  type Weights,
} from "@mezzotint/engine/onnx";
import { norm } from "./norm.js";
import type { Hooks } from "./slots.js";

/** What the transformers of a network share. */
export interface TransformerOptions {
  /** The text's hidden states [B,T,D] that cross-attention reads. */
  readonly context: Value;
  readonly groups: number;
  /** Heads for a level's channels. */
  readonly heads: number;
  readonly hooks: Hooks;
}

/**
 * Attention over the pixels of [B,C,H,W] and from them to the text (diffusers `Transformer2DModel`, LDM
 * `SpatialTransformer`). The projections around it are linear layers or 1×1 convolutions, which are the same.
 */
export const spatialTransformer =
  (w: Weights, options: TransformerOptions): Module =>
  (x) => {
    const { groups, hooks } = options;
    let tokens = x.pipe(
      norm(w.at("norm"), { groups, epsilon: 1e-6 }),
      reshape(0, 0, -1),
      transpose(0, 2, 1),
      hooks.linear(w.at("proj_in")),
    );
    const depth = w.count("transformer_blocks");
    for (let i = 0; i < depth; i++) tokens = tokens.pipe(transformerBlock(w.at("transformer_blocks").at(i), options));
    return add(tokens.pipe(hooks.linear(w.at("proj_out")), transpose(0, 2, 1), reshapeLike(x)), x);
  };

/** Self-attention, cross-attention and feed-forward, each normed first and added back. */
const transformerBlock =
  (w: Weights, { context, heads, hooks }: TransformerOptions): Module =>
  (x) => {
    const self = x.pipe(layerNorm(w.at("norm1")));
    x = add(x, attention(w.at("attn1"), self, self, heads, hooks, false));
    const queries = x.pipe(layerNorm(w.at("norm2")));
    x = add(x, attention(w.at("attn2"), queries, context, heads, hooks, true));
    return add(x, x.pipe(layerNorm(w.at("norm3")), feedForward(w.at("ff"), hooks)));
  };

function attention(w: Weights, x: Value, context: Value, heads: number, hooks: Hooks, cross: boolean): Value {
  const q = x.pipe(hooks.linear(w.at("to_q")));
  const k = context.pipe(hooks.linear(w.at("to_k")));
  const v = context.pipe(hooks.linear(w.at("to_v")));
  const attended = multiHeadAttention(q, k, v, heads);
  return (cross ? hooks.attended(w, attended, q, heads) : attended).pipe(hooks.linear(w.at("to_out.0")));
}

/** A gated feed-forward (GEGLU): half of the projection scales the other. */
const feedForward =
  (w: Weights, hooks: Hooks): Module =>
  (x) => {
    const [value, gate] = halves(x.pipe(hooks.linear(w.at("net.0.proj"))));
    return mul(value, gelu(gate)).pipe(hooks.linear(w.at("net.2")));
  };
