import {
  add,
  type Graph,
  linear,
  type Module,
  multiHeadAttention,
  type Value,
  type Weights,
} from "@mezzotint/engine/onnx";

/**
 * What a UNet's graph takes beside its usual inputs, so that adapters come and go without a new session. Every slot
 * has a neutral value that leaves the network as it is.
 */
export interface UnetSlots {
  /**
   * ControlNet residuals: `control.0`, `control.1`, … are added to the skips from the first to the last, and
   * `control.mid` to the middle. Any shape that broadcasts will do; neutral is a zero [1,1,1,1].
   */
  readonly control?: boolean;
  /**
   * LoRA factors for each linear layer of the transformers: `lora.<layer>.down` [in, rank] and `lora.<layer>.up`
   * [rank, out], with the strength in one of them. Stacked LoRAs share the rank; neutral is rank 0.
   */
  readonly lora?: boolean;
  /**
   * IP-Adapter keys and values for each cross-attention: `image.<layer>.k` and `image.<layer>.v` [B, tokens, width],
   * with the strength in the values. Neutral is one token whose value is zero.
   */
  readonly image?: boolean;
  /**
   * What an inpainting network is shown beside the latent, apart from it: `masked` [B, C-c, H, W] goes behind `sample`
   * [B, c, H, W], where c is as many channels as the network predicts. There is no neutral value.
   */
  readonly masked?: boolean;
}

/** Where the blocks of a network ask for their layers, so that a graph may have slots in them. */
export interface Hooks {
  readonly linear: (w: Weights) => Module;
  /** What a cross-attention of these queries [B,T,width] gives, once `attended` to the text. */
  readonly attended: (w: Weights, attended: Value, queries: Value, heads: number) => Value;
}

const layerName = (w: Weights): string => w.prefix.replace(/\.$/, "");

/** The hooks of a graph with these slots. */
export const slotHooks = (graph: Graph, { lora = false, image = false }: UnetSlots): Hooks => ({
  linear: lora ? (w) => lowRank(graph, w) : linear,
  attended: image ? (w, ...rest) => imagePrompted(graph, w, ...rest) : (_, attended) => attended,
});

/** A linear layer plus a product of two factors of symbolic rank (Hu et al., LoRA, 2021). */
function lowRank(graph: Graph, w: Weights): Module {
  const layer = layerName(w);
  const [out = 0, input = 0] = w.shape("weight");
  const down = graph.input(`lora.${layer}.down`, "float32", [input, `${layer}.rank`]);
  const up = graph.input(`lora.${layer}.up`, "float32", [`${layer}.rank`, out]);
  return (x) => add(linear(w)(x), graph.op("MatMul", [graph.op("MatMul", [x, down]), up]));
}

/** Attention to a picture's tokens beside the text's (Ye et al., IP-Adapter, 2023). */
function imagePrompted(graph: Graph, w: Weights, attended: Value, queries: Value, heads: number): Value {
  const layer = layerName(w);
  const width = w.shape("to_q.weight")[0] ?? 0;
  const input = (which: string) =>
    graph.input(`image.${layer}.${which}`, "float32", ["batch", `${layer}.image`, width]);
  return add(attended, multiHeadAttention(queries, input("k"), input("v"), heads));
}
