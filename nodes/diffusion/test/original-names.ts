import type { UnetPlan } from "./network-shapes.js";

/**
 * The names that the original single files have for diffusers' modules, made by walking through the architecture as the
 * original code builds it: the opposite way of src/models/names, which goes by the keys that it finds.
 */
export function originalUnet({ channels, depth, layers }: UnetPlan): (key: string) => string {
  const modules = new Map<string, string>([
    ["time_embedding.linear_1", "time_embed.0"],
    ["time_embedding.linear_2", "time_embed.2"],
    ["add_embedding.linear_1", "label_emb.0.0"],
    ["add_embedding.linear_2", "label_emb.0.2"],
    ["conv_in", "input_blocks.0.0"],
    ["mid_block.resnets.0", "middle_block.0"],
    ["mid_block.attentions.0", "middle_block.1"],
    ["mid_block.resnets.1", "middle_block.2"],
    ["conv_norm_out", "out.0"],
    ["conv_out", "out.2"],
  ]);
  let block = 1;
  for (let level = 0; level < channels.length; level++) {
    for (let i = 0; i < layers; i++, block++) {
      modules.set(`down_blocks.${level}.resnets.${i}`, `input_blocks.${block}.0`);
      modules.set(`down_blocks.${level}.attentions.${i}`, `input_blocks.${block}.1`);
    }
    if (level < channels.length - 1)
      modules.set(`down_blocks.${level}.downsamplers.0.conv`, `input_blocks.${block++}.0.op`);
  }
  block = 0;
  for (let i = 0; i < channels.length; i++)
    for (let j = 0; j <= layers; j++, block++) {
      modules.set(`up_blocks.${i}.resnets.${j}`, `output_blocks.${block}.0`);
      modules.set(`up_blocks.${i}.attentions.${j}`, `output_blocks.${block}.1`);
      const place = depth[channels.length - 1 - i] ? 2 : 1;
      if (j === layers) modules.set(`up_blocks.${i}.upsamplers.0.conv`, `output_blocks.${block}.${place}.conv`);
    }
  const parts = [
    ["norm1", "in_layers.0"],
    ["conv1", "in_layers.2"],
    ["time_emb_proj", "emb_layers.1"],
    ["norm2", "out_layers.0"],
    ["conv2", "out_layers.3"],
    ["conv_shortcut", "skip_connection"],
  ] as const;
  return (key) => {
    const [module, original] = [...modules].find(([name]) => key.startsWith(`${name}.`)) as [string, string];
    const rest = key.slice(module.length);
    const part = module.includes("resnets") ? parts.find(([name]) => rest.startsWith(`.${name}.`)) : undefined;
    return original + (part ? rest.replace(part[0], part[1]) : rest);
  };
}

/** The original name of an autoencoder's key. */
export function originalVae(key: string, levels: number): string {
  return key
    .replace(/down_blocks\.(\d+)\.resnets\.(\d+)/, "down.$1.block.$2")
    .replace(/down_blocks\.(\d+)\.downsamplers\.0/, "down.$1.downsample")
    .replace(/up_blocks\.(\d+)\.resnets\.(\d+)/, (_, i, j) => `up.${levels - 1 - Number(i)}.block.${j}`)
    .replace(/up_blocks\.(\d+)\.upsamplers\.0/, (_, i) => `up.${levels - 1 - Number(i)}.upsample`)
    .replace(/mid_block\.resnets\.(\d)/, (_, i) => `mid.block_${Number(i) + 1}`)
    .replace("mid_block.attentions.0.group_norm", "mid.attn_1.norm")
    .replace(/mid_block\.attentions\.0\.to_([qkv])/, "mid.attn_1.$1")
    .replace("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out")
    .replace("conv_norm_out", "norm_out")
    .replace("conv_shortcut", "nin_shortcut");
}

/** The original name of a tiny autoencoder's key, in the file of its half: the decoder's layers are counted from 1. */
export const originalTiny = (key: string): string =>
  key.startsWith("encoder")
    ? key.replace("encoder.layers.", "")
    : key.replace(/^decoder\.layers\.(\d+)/, (_, i) => String(Number(i) + 1));
