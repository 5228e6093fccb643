import { add, concat, conv2d, Graph, resizeNearestLike, silu, type Value, type Weights } from "@mezzotint/engine/onnx";
import type { UnetConfig } from "./descriptions.js";
import { norm } from "./norm.js";
import { slotHooks, type UnetSlots } from "./slots.js";
import { convOf, EPSILON, levelsOf, middle, unetLayer, unetParts, wayDown } from "./unet-blocks.js";

/**
 * The denoising UNet of Stable Diffusion 1, 2 and XL (Rombach et al., 2022; diffusers `UNet2DConditionModel`). Channels,
 * levels, layers, attention and its depth come from the weights.
 *
 * Inputs: `sample` [B,C,H,W], `timestep` [B], `context` [B,T,D], for SDXL `y` [B,V], and those of the slots.
 * Output: `prediction` [B,C',H,W]. Height and width need not be multiples of anything.
 */
export function unetGraph(w: Weights, config: UnetConfig, slots: UnetSlots = {}): Graph {
  const graph = new Graph();
  const planes = (name: string, channels: number): Value =>
    graph.input(name, "float32", ["batch", channels, "height", "width"]);
  const [channels, predicted] = [w.shape("conv_in.weight")[1] ?? 0, w.shape("conv_out.weight")[0] ?? 0];
  const sample = slots.masked
    ? concat(1, planes("sample", predicted), planes("masked", channels - predicted))
    : planes("sample", channels);
  const parts = unetParts(graph, w, config, slotHooks(graph, slots));
  const down = wayDown(w, sample.pipe(conv2d(w.at("conv_in"))), parts);
  let x = (down.at(-1) as Value).pipe(middle(w, parts));

  const skips = slots.control ? down.map((skip, i) => add(skip, controlInput(graph, String(i)))) : down;
  if (slots.control) x = add(x, controlInput(graph, "mid"));

  for (const [i, block] of levelsOf(w, "up_blocks").entries()) {
    const level = parts.levels - 1 - i;
    for (let j = 0; j < block.count("resnets"); j++) {
      const skip = skips.pop();
      if (!skip) throw new Error(`${block.prefix}resnets.${j} has no counterpart on the way down`);
      x = concat(1, x, skip).pipe(unetLayer(block, j, level, parts));
    }
    // To the size of the skip that comes next, since downsampling rounds odd sizes up.
    const sampler = block.at("upsamplers.0.conv");
    const next = skips.at(-1);
    if (sampler.has("weight") && next) x = x.pipe(resizeNearestLike(next), convOf(level - 1)(sampler));
  }

  const last = norm(w.at("conv_norm_out"), { groups: config.groups, epsilon: EPSILON });
  graph.output("prediction", x.pipe(last, silu, conv2d(w.at("conv_out"))));
  return graph;
}

const controlInput = (graph: Graph, which: string): Value => {
  const name = `control.${which}`;
  return graph.input(name, "float32", [`${name}.batch`, `${name}.channels`, `${name}.height`, `${name}.width`]);
};
