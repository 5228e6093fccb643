import {
  add,
  conv2d,
  type Graph,
  linear,
  type Module,
  silu,
  timestepEmbedding,
  type Value,
  type Weights,
  type WinogradTile,
  winogradConv2d,
} from "@mezzotint/engine/onnx";
import type { UnetConfig } from "./descriptions.js";
import { resnet } from "./resnet.js";
import type { Hooks } from "./slots.js";
import { spatialTransformer } from "./transformer.js";

/** Of every normalisation in residual blocks, and of the last. */
export const EPSILON = 1e-5;

/** What all blocks of one graph share. */
export interface UnetParts {
  readonly config: UnetConfig;
  /** The activated embedding of time. */
  readonly time: Value;
  readonly context: Value;
  readonly hooks: Hooks;
  readonly levels: number;
}

/** The inputs that a UNet and its ControlNets have in common, and what becomes of them. */
export function unetParts(graph: Graph, w: Weights, config: UnetConfig, hooks: Hooks): UnetParts {
  return {
    config,
    time: silu(embedTime(graph, w)),
    context: graph.input("context", "float32", ["batch", "tokens", contextWidth(w) ?? 0]),
    hooks,
    levels: levelsOf(w, "down_blocks").length,
  };
}

/**
 * Tiles of the convolutions at the levels of high resolution. Their time is in the pixels and their weights are few, so
 * that larger weights are a small price; at the levels below it is the other way round.
 */
const TILES: readonly WinogradTile[] = [4, 2];

/** The 3×3 convolutions of a level, counted from the highest resolution. */
export const convOf = (level: number): ((w: Weights) => Module) => {
  const tile = TILES[level];
  return tile === undefined ? conv2d : (w) => winogradConv2d(w, tile);
};

/** A residual block that knows the time. */
const timed = (w: Weights, level: number, { config, time }: UnetParts): Module =>
  resnet(w, { groups: config.groups, epsilon: EPSILON, time, conv: convOf(level) });

/** The i-th layer of a level: a residual block, and attention where the level has it. */
export const unetLayer =
  (block: Weights, i: number, level: number, parts: UnetParts): Module =>
  (x) => {
    const { config, context, hooks, levels } = parts;
    const h = x.pipe(timed(block.at("resnets").at(i), level, parts));
    const attention = block.at("attentions").at(i);
    if (!attention.has("proj_in.weight")) return h;
    const heads = headsOf(config, attention, level, levels);
    return h.pipe(spatialTransformer(attention, { context, groups: config.groups, heads, hooks }));
  };

/** The way down: what each layer and each downsampling gives, the last for the middle and all for the way up. */
export function wayDown(w: Weights, x: Value, parts: UnetParts): Value[] {
  const skips = [x];
  const latest = () => skips.at(-1) as Value;
  for (const [level, block] of levelsOf(w, "down_blocks").entries()) {
    for (let i = 0; i < block.count("resnets"); i++) skips.push(latest().pipe(unetLayer(block, i, level, parts)));
    const sampler = block.at("downsamplers.0.conv");
    if (sampler.has("weight")) skips.push(latest().pipe(conv2d(sampler, { stride: 2 })));
  }
  return skips;
}

/** The middle: a layer of the lowest level, and one more residual block. */
export const middle = (w: Weights, parts: UnetParts): Module => {
  const block = w.at("mid_block");
  const level = parts.levels - 1;
  return (x) => x.pipe(unetLayer(block, 0, level, parts), timed(block.at("resnets.1"), level, parts));
};

/** Timesteps as sinusoids through a small network; SDXL adds a second one for pooled text and sizes. */
function embedTime(graph: Graph, w: Weights): Value {
  const network =
    (at: Weights): Module =>
    (x) =>
      x.pipe(linear(at.at("linear_1")), silu, linear(at.at("linear_2")));
  const timestep = graph.input("timestep", "float32", ["batch"]);
  const [, width = 0] = w.shape("time_embedding.linear_1.weight");
  const time = timestep.pipe(timestepEmbedding(width), network(w.at("time_embedding")));
  const vector = vectorWidth(w);
  if (vector === undefined) return time;
  return add(time, graph.input("y", "float32", ["batch", vector]).pipe(network(w.at("add_embedding"))));
}

/** The numbered blocks of one side. Each has a residual block, or the numbering has a gap. */
export function levelsOf(w: Weights, side: "down_blocks" | "up_blocks"): Weights[] {
  const levels: Weights[] = [];
  for (let i = 0; i < w.count(side); i++) {
    const block = w.at(side).at(i);
    block.shape("resnets.0.norm1.weight");
    levels.push(block);
  }
  return levels;
}

/** Heads of a level's attention. A level is counted from the highest resolution. */
function headsOf({ heads, headWidth }: UnetConfig, at: Weights, level: number, levels: number): number {
  const [width = 0] = at.shape("proj_in.weight");
  if (typeof heads !== "number" && heads.length !== levels && headWidth === undefined)
    throw new Error(`the configuration has heads for ${heads.length} levels, the weights have ${levels} levels`);
  const count = headWidth === undefined ? (typeof heads === "number" ? heads : (heads[level] ?? 0)) : width / headWidth;
  if (!Number.isInteger(count) || count < 1 || width % count !== 0)
    throw new Error(
      `${at.prefix}proj_in.weight: ${width} channels cannot be divided into ${headWidth === undefined ? `${count} heads` : `heads of ${headWidth}`}`,
    );
  return count;
}

/** Width of the text's hidden states, from the first cross-attention; undefined when there is none. */
export function contextWidth(w: Weights): number | undefined {
  const key = w.keys().find((name) => name.endsWith(".attn2.to_k.weight"));
  return key === undefined ? undefined : w.shape(key)[1];
}

/** Width of SDXL's vector of pooled text and sizes; undefined for networks without one. */
export const vectorWidth = (w: Weights): number | undefined =>
  w.has("add_embedding.linear_1.weight") ? w.shape("add_embedding.linear_1.weight")[1] : undefined;
