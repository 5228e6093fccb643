import {
  add,
  cast,
  concat,
  embedding,
  Graph,
  gather,
  gelu,
  layerNorm,
  linear,
  type Module,
  multiHeadAttention,
  quickGelu,
  shapeOf,
  sub,
  unsqueeze,
  type Value,
  type Weights,
} from "@mezzotint/engine/onnx";
import type { ClipConfig } from "./descriptions.js";

/**
 * CLIP's text encoder (Radford et al., 2021; transformers `CLIPTextModelWithProjection`), OpenAI's or OpenCLIP's.
 *
 * Inputs: `ids` int32 [B,T]; `vectors` [V,D], at least one: an id beyond the vocabulary is a row of it (textual inversion,
 * Gal et al., 2022), counted from the vocabulary's size; and `layer` int32 [1]: which hidden state to give, counted from
 * the end, -1 for what the last layer gives. They are inputs so that embeddings and clip skip need no new session.
 * Outputs: `hidden` [B,T,D], that state; `normed`, the same after the final norm; `pooled` [B,P], the final norm of the
 * last state at the first end of text, projected where there is a projection.
 */
export function clipGraph(w: Weights, config: ClipConfig): Graph {
  const graph = new Graph();
  const ids = graph.input("ids", "int32", ["batch", "tokens"]);
  const model = w.at("text_model");
  const [vocabulary = 0, width = 0] = model.shape("embeddings.token_embedding.weight");
  const vectors = graph.input("vectors", "float32", ["vectors", width]);
  const layer = graph.input("layer", "int32", [1]);
  const norm = layerNorm(model.at("final_layer_norm"));

  const states = [embed(model.at("embeddings"), ids, vectors, vocabulary)];
  for (let i = 0; i < layerCount(w); i++)
    states.push(encoderLayer(model.at("encoder.layers").at(i), config)(states.at(-1) as Value));

  const stacked = concat(0, ...(states.map(unsqueeze(0)) as [Value, ...Value[]]));
  const hidden = graph.op("Squeeze", [gather(stacked, layer), graph.constant([0], { dtype: "int64" })]);
  graph.output("hidden", hidden);
  graph.output("normed", norm(hidden));
  graph.output("pooled", project(w, firstEnd(norm(states.at(-1) as Value), ids, config.eos)));
  return graph;
}

/** How many layers a text encoder has. */
export const layerCount = (w: Weights): number => w.count("text_model.encoder.layers");

/** The embeddings of tokens, some of them rows of `vectors`, and of positions, added. */
function embed(w: Weights, ids: Value, vectors: Value, vocabulary: number): Value {
  const { graph } = ids;
  const int = (value: number) => graph.constant(value, { dtype: "int32" });
  // Both are looked up everywhere, each within its bounds: putting the rows behind the table would copy the table.
  const token = embedding(w.at("token_embedding"))(graph.op("Min", [ids, int(vocabulary - 1)]));
  const vector = gather(vectors, graph.op("Max", [sub(ids, int(vocabulary)), int(0)]));
  const known = graph.op("Less", [ids, int(vocabulary)]).pipe(unsqueeze(-1));
  const start = graph.constant([0], { dtype: "int64" });
  const positions = graph.weight(w.tensor("position_embedding.weight"));
  return add(
    graph.op("Where", [known, token, vector]),
    graph.op("Slice", [positions, start, shapeOf(ids, 1, 2), start]),
  );
}

/** Causal self-attention and a feed-forward, each normed first and added back. */
const encoderLayer =
  (w: Weights, { heads, activation }: ClipConfig): Module =>
  (x) => {
    const attention = w.at("self_attn");
    const [width = 0] = attention.shape("q_proj.weight");
    if (width % heads !== 0)
      throw new Error(`${attention.prefix}q_proj.weight: a width of ${width} cannot be divided into ${heads} heads`);
    const normed = x.pipe(layerNorm(w.at("layer_norm1")));
    const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((name) => linear(attention.at(name))(normed)) as [
      Value,
      Value,
      Value,
    ];
    x = add(x, multiHeadAttention(q, k, v, heads, { causal: true }).pipe(linear(attention.at("out_proj"))));
    const act = activation === "quick_gelu" ? quickGelu : gelu;
    return add(x, x.pipe(layerNorm(w.at("layer_norm2")), linear(w.at("mlp.fc1")), act, linear(w.at("mlp.fc2"))));
  };

/** The state at the first end-of-text token of each row; the first token's if there is none. */
function firstEnd(states: Value, ids: Value, eos: number): Value {
  const { graph } = states;
  const ends = graph.op("Equal", [ids, graph.constant(eos, { dtype: "int32" })]).pipe(cast("float32"));
  const first = graph.op("ArgMax", [ends], { axis: 1, keepdims: 1, select_last_index: 0 });
  return graph.op("GatherND", [states, first], { batch_dims: 1 });
}

/** The pooled state in the space shared with pictures. OpenCLIP stores that matrix transposed. */
function project(w: Weights, pooled: Value): Value {
  if (w.has("text_projection.weight")) return linear(w.at("text_projection"))(pooled);
  const matrix = w.optional("text_projection");
  return matrix ? pooled.graph.op("MatMul", [pooled, pooled.graph.weight(matrix)]) : pooled;
}
