/** Shapes by key. */
export type Shapes = Map<string, readonly number[]>;

/** A UNet's architecture, levels from high to low resolution. */
export interface UnetPlan {
  readonly channels: readonly number[];
  /** Transformer blocks of each level's attentions; 0 is a level without. */
  readonly depth: readonly number[];
  /** Of the middle; absent: as the lowest level, at least 1. */
  readonly middle?: number;
  readonly layers: number;
  readonly context: number;
  readonly linear?: boolean;
  readonly vector?: number;
  readonly inputs?: number;
}

export const SD1: UnetPlan = {
  channels: [320, 640, 1280, 1280],
  depth: [1, 1, 1, 0],
  middle: 1,
  layers: 2,
  context: 768,
};
export const SD2: UnetPlan = { ...SD1, context: 1024, linear: true };
export const SDXL: UnetPlan = {
  channels: [320, 640, 1280],
  depth: [0, 2, 10],
  layers: 2,
  context: 2048,
  linear: true,
  vector: 2816,
};
export const REFINER: UnetPlan = {
  channels: [384, 768, 1536, 1536],
  depth: [0, 4, 4, 0],
  middle: 4,
  layers: 2,
  context: 1280,
  linear: true,
  vector: 2560,
};

const affine = (out: Shapes, name: string, ...weight: number[]) => {
  out.set(`${name}.weight`, weight);
  out.set(`${name}.bias`, [weight[0] as number]);
};

function resnet(out: Shapes, name: string, from: number, to: number, time?: number): void {
  affine(out, `${name}.norm1`, from);
  affine(out, `${name}.conv1`, to, from, 3, 3);
  if (time) affine(out, `${name}.time_emb_proj`, to, time);
  affine(out, `${name}.norm2`, to);
  affine(out, `${name}.conv2`, to, to, 3, 3);
  if (from !== to) affine(out, `${name}.conv_shortcut`, to, from, 1, 1);
}

function transformer(out: Shapes, name: string, c: number, depth: number, { context, linear }: UnetPlan): void {
  affine(out, `${name}.norm`, c);
  for (const proj of ["proj_in", "proj_out"]) affine(out, `${name}.${proj}`, ...(linear ? [c, c] : [c, c, 1, 1]));
  for (let i = 0; i < depth; i++) {
    const block = `${name}.transformer_blocks.${i}`;
    for (const norm of ["norm1", "norm2", "norm3"]) affine(out, `${block}.${norm}`, c);
    for (const [attention, width] of [
      ["attn1", c],
      ["attn2", context],
    ] as const) {
      out.set(`${block}.${attention}.to_q.weight`, [c, c]);
      out.set(`${block}.${attention}.to_k.weight`, [c, width]);
      out.set(`${block}.${attention}.to_v.weight`, [c, width]);
      affine(out, `${block}.${attention}.to_out.0`, c, c);
    }
    affine(out, `${block}.ff.net.0.proj`, 8 * c, c);
    affine(out, `${block}.ff.net.2`, c, 4 * c);
  }
}

/** A UNet's keys and shapes in diffusers' layout. */
export function unetShapes(plan: UnetPlan): Shapes {
  const { channels, depth, layers, vector, inputs = 4 } = plan;
  const out: Shapes = new Map();
  const first = channels[0] as number;
  const last = channels.at(-1) as number;
  const time = 4 * first;
  const networks = [["time_embedding", first], ...(vector ? [["add_embedding", vector]] : [])] as [string, number][];
  for (const [name, width] of networks) {
    affine(out, `${name}.linear_1`, time, width);
    affine(out, `${name}.linear_2`, time, time);
  }
  affine(out, "conv_in", first, inputs, 3, 3);
  const skips = [first];
  let from = first;
  for (const [level, to] of channels.entries()) {
    for (let i = 0; i < layers; i++) {
      resnet(out, `down_blocks.${level}.resnets.${i}`, from, to, time);
      if (depth[level]) transformer(out, `down_blocks.${level}.attentions.${i}`, to, depth[level], plan);
      skips.push(to);
      from = to;
    }
    if (level < channels.length - 1) {
      affine(out, `down_blocks.${level}.downsamplers.0.conv`, to, to, 3, 3);
      skips.push(to);
    }
  }
  resnet(out, "mid_block.resnets.0", last, last, time);
  transformer(out, "mid_block.attentions.0", last, plan.middle ?? Math.max(1, depth.at(-1) ?? 1), plan);
  resnet(out, "mid_block.resnets.1", last, last, time);
  for (let i = 0; i < channels.length; i++) {
    const level = channels.length - 1 - i;
    const to = channels[level] as number;
    for (let j = 0; j <= layers; j++) {
      resnet(out, `up_blocks.${i}.resnets.${j}`, from + (skips.pop() as number), to, time);
      if (depth[level]) transformer(out, `up_blocks.${i}.attentions.${j}`, to, depth[level], plan);
      from = to;
    }
    if (level > 0) affine(out, `up_blocks.${i}.upsamplers.0.conv`, to, to, 3, 3);
  }
  affine(out, "conv_norm_out", first);
  affine(out, "conv_out", 4, first, 3, 3);
  return out;
}

/** An autoencoder's keys and shapes in diffusers' layout. */
export function vaeShapes(channels: readonly number[], layers: number, { quant = true, latent = 4 } = {}): Shapes {
  const out: Shapes = new Map();
  const first = channels[0] as number;
  const last = channels.at(-1) as number;
  const middle = (side: string) => {
    resnet(out, `${side}.mid_block.resnets.0`, last, last);
    affine(out, `${side}.mid_block.attentions.0.group_norm`, last);
    for (const name of ["to_q", "to_k", "to_v", "to_out.0"])
      affine(out, `${side}.mid_block.attentions.0.${name}`, last, last);
    resnet(out, `${side}.mid_block.resnets.1`, last, last);
  };
  affine(out, "encoder.conv_in", first, 3, 3, 3);
  let from = first;
  for (const [level, to] of channels.entries()) {
    for (let i = 0; i < layers; i++, from = to) resnet(out, `encoder.down_blocks.${level}.resnets.${i}`, from, to);
    if (level < channels.length - 1) affine(out, `encoder.down_blocks.${level}.downsamplers.0.conv`, to, to, 3, 3);
  }
  middle("encoder");
  affine(out, "encoder.conv_norm_out", last);
  affine(out, "encoder.conv_out", 2 * latent, last, 3, 3);
  affine(out, "decoder.conv_in", last, latent, 3, 3);
  middle("decoder");
  for (const [i, to] of [...channels].reverse().entries()) {
    for (let j = 0; j <= layers; j++, from = to) resnet(out, `decoder.up_blocks.${i}.resnets.${j}`, from, to);
    if (i < channels.length - 1) affine(out, `decoder.up_blocks.${i}.upsamplers.0.conv`, to, to, 3, 3);
  }
  affine(out, "decoder.conv_norm_out", first);
  affine(out, "decoder.conv_out", 3, first, 3, 3);
  if (quant) {
    affine(out, "quant_conv", 2 * latent, 2 * latent, 1, 1);
    affine(out, "post_quant_conv", latent, latent, 1, 1);
  }
  return out;
}

/** A text encoder's keys and shapes in transformers' layout. */
export function clipShapes(width: number, layers: number, vocabulary: number, projection?: number): Shapes {
  const out: Shapes = new Map();
  out.set("text_model.embeddings.token_embedding.weight", [vocabulary, width]);
  out.set("text_model.embeddings.position_embedding.weight", [77, width]);
  for (let i = 0; i < layers; i++) {
    const layer = `text_model.encoder.layers.${i}`;
    for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"])
      affine(out, `${layer}.self_attn.${name}`, width, width);
    for (const name of ["layer_norm1", "layer_norm2"]) affine(out, `${layer}.${name}`, width);
    affine(out, `${layer}.mlp.fc1`, 4 * width, width);
    affine(out, `${layer}.mlp.fc2`, width, 4 * width);
  }
  affine(out, "text_model.final_layer_norm", width);
  if (projection) out.set("text_projection.weight", [projection, width]);
  return out;
}

/** A tiny autoencoder's keys and shapes in diffusers' layout: of each half, or of one. */
export function tinyVaeShapes(width: number, { latent = 4, sides = ["encoder", "decoder"] } = {}): Shapes {
  const out: Shapes = new Map();
  const block = (name: string) => {
    for (const i of [0, 2, 4]) affine(out, `${name}.conv.${i}`, width, width, 3, 3);
  };
  if (sides.includes("encoder")) {
    affine(out, "encoder.layers.0", width, 3, 3, 3);
    block("encoder.layers.1");
    out.set("encoder.layers.2.weight", [width, width, 3, 3]);
    block("encoder.layers.3");
    affine(out, "encoder.layers.4", latent, width, 3, 3);
  }
  if (sides.includes("decoder")) {
    affine(out, "decoder.layers.0", width, latent, 3, 3);
    // 1 is a ReLU, 3 doubles the size.
    block("decoder.layers.2");
    out.set("decoder.layers.4.weight", [width, width, 3, 3]);
    block("decoder.layers.5");
    affine(out, "decoder.layers.6", 3, width, 3, 3);
  }
  return out;
}
