import {
  add,
  clip,
  conv2d,
  Graph,
  halves,
  linear,
  type Module,
  multiHeadAttention,
  reshape,
  reshapeLike,
  silu,
  transpose,
  upsampleNearest,
  type Value,
  type Weights,
} from "@mezzotint/engine/onnx";
import type { VaeConfig } from "./descriptions.js";
import { norm } from "./norm.js";
import { resnet } from "./resnet.js";

const EPSILON = 1e-6;

/**
 * The encoder of an autoencoder with a Gaussian latent (Kingma and Welling, 2013; diffusers `AutoencoderKL`).
 *
 * Input: `image` [B,3,H,W] from -1 to 1. Outputs: `mean` and `logvar` [B,C,H/f,W/f], the latter limited to [-30, 20].
 */
export function encoderGraph(w: Weights, config: VaeConfig): Graph {
  const graph = new Graph();
  const encoder = w.at("encoder");
  const channels = encoder.shape("conv_in.weight")[1] ?? 0;
  let x = graph.input("image", "float32", ["batch", channels, "height", "width"]).pipe(conv2d(encoder.at("conv_in")));
  for (let level = 0; level < encoder.count("down_blocks"); level++) {
    const block = encoder.at("down_blocks").at(level);
    x = resnets(block, config)(x);
    // The picture is padded at the right and the bottom only.
    const sampler = block.at("downsamplers.0.conv");
    if (sampler.has("weight")) x = conv2d(sampler, { stride: 2, pads: [0, 0, 1, 1] })(x);
  }
  const moments = x.pipe(middle(encoder.at("mid_block"), config), out(encoder, config), optional(w.at("quant_conv")));
  const [mean, logvar] = halves(moments, 1);
  graph.output("mean", mean);
  graph.output("logvar", clip(-30, 20)(logvar));
  return graph;
}

/**
 * The decoder of an autoencoder.
 *
 * Input: `latent` [B,C,h,w], not scaled. Output: `image` [B,3,h·f,w·f], about -1 to 1.
 */
export function decoderGraph(w: Weights, config: VaeConfig): Graph {
  const graph = new Graph();
  const decoder = w.at("decoder");
  const channels = latentChannels(w);
  let x = graph
    .input("latent", "float32", ["batch", channels, "height", "width"])
    .pipe(optional(w.at("post_quant_conv")), conv2d(decoder.at("conv_in")), middle(decoder.at("mid_block"), config));
  for (let level = 0; level < decoder.count("up_blocks"); level++) {
    const block = decoder.at("up_blocks").at(level);
    x = resnets(block, config)(x);
    const sampler = block.at("upsamplers.0.conv");
    if (sampler.has("weight")) x = x.pipe(upsampleNearest(2), conv2d(sampler));
  }
  graph.output("image", out(decoder, config)(x));
  return graph;
}

/** The channels of the latents that an autoencoder reads and writes. */
export function latentChannels(w: Weights): number {
  if (w.has("post_quant_conv.weight")) return w.shape("post_quant_conv.weight")[1] ?? 0;
  if (w.has("decoder.conv_in.weight")) return w.shape("decoder.conv_in.weight")[1] ?? 0;
  return (w.shape("encoder.conv_out.weight")[0] ?? 0) / 2;
}

/** Pixels a side per latent cell: each resampling doubles it. */
export function scaleFactor(w: Weights): number {
  const side = w.has("decoder.conv_in.weight") ? "decoder.up_blocks" : "encoder.down_blocks";
  const sampler = side === "decoder.up_blocks" ? "upsamplers" : "downsamplers";
  let factor = 1;
  for (const key of w.keys()) if (key.startsWith(side) && key.endsWith(`${sampler}.0.conv.weight`)) factor *= 2;
  return factor;
}

/** Channels of the widest layer at the picture's full size. */
export function fullSizeWidth(w: Weights): number {
  const last = w.count("decoder.up_blocks") - 1;
  const norm = last < 0 ? "encoder.down_blocks.0.resnets.0.norm1" : `decoder.up_blocks.${last}.resnets.0.norm1`;
  return w.shape(`${norm}.weight`)[0] ?? 0;
}

const residual = (w: Weights, { groups }: VaeConfig): Module => resnet(w, { groups, epsilon: EPSILON });

/** A level's residual blocks; there is at least one. */
const resnets =
  (block: Weights, config: VaeConfig): Module =>
  (x) => {
    const count = Math.max(1, block.count("resnets"));
    for (let i = 0; i < count; i++) x = residual(block.at("resnets").at(i), config)(x);
    return x;
  };

const middle =
  (w: Weights, config: VaeConfig): Module =>
  (x) => {
    const attention = w.at("attentions.0");
    x = residual(w.at("resnets.0"), config)(x);
    if (attention.has("to_q.weight")) x = selfAttention(attention, config)(x);
    return residual(w.at("resnets.1"), config)(x);
  };

/** Attention of one head over the pixels of [B,C,H,W], added back. */
const selfAttention =
  (w: Weights, { groups }: VaeConfig): Module =>
  (x) => {
    const tokens = x.pipe(
      norm(w.at("group_norm"), { groups, epsilon: EPSILON }),
      reshape(0, 0, -1),
      transpose(0, 2, 1),
    );
    const [q, k, v] = ["to_q", "to_k", "to_v"].map((name) => linear(w.at(name))(tokens)) as [Value, Value, Value];
    return add(x, multiHeadAttention(q, k, v, 1).pipe(linear(w.at("to_out.0")), transpose(0, 2, 1), reshapeLike(x)));
  };

const out =
  (w: Weights, { groups }: VaeConfig): Module =>
  (x) =>
    x.pipe(norm(w.at("conv_norm_out"), { groups, epsilon: EPSILON }), silu, conv2d(w.at("conv_out")));

/** A convolution that some autoencoders have. */
const optional = (w: Weights): Module => (w.has("weight") ? conv2d(w) : (x) => x);
