import type { Naming } from "./naming.js";

/** The parts of a residual block: original name to diffusers'. */
const RESNET: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  skip_connection: "conv_shortcut",
};

const TOP: Readonly<Record<string, string>> = {
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "label_emb.0.0": "add_embedding.linear_1",
  "label_emb.0.2": "add_embedding.linear_2",
  "input_blocks.0.0": "conv_in",
  "middle_block.0": "mid_block.resnets.0",
  "middle_block.1": "mid_block.attentions.0",
  "middle_block.2": "mid_block.resnets.1",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
};

const RESNET_MODULE = /^(?:down_blocks|up_blocks)\.\d+\.resnets\.\d+$|^mid_block\.resnets\.\d+$/;

/** The members of numbered blocks, e.g. `input_blocks.4.1` has the children `norm`, `proj_in`, …. */
function children(keys: Iterable<string>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const key of keys) {
    const match = /^((?:input|output)_blocks\.\d+\.\d+)\.([^.]+)/.exec(key);
    if (!match?.[1] || !match[2]) continue;
    const names = found.get(match[1]) ?? new Set();
    found.set(match[1], names.add(match[2]));
  }
  return found;
}

/**
 * Original module → diffusers' module. The original layout numbers blocks in one row; where a level ends is told by
 * its resampling convolution (`op` going down, `conv` going up, which stands after an attention if there is one).
 */
function modules(keys: Iterable<string>): Map<string, string> {
  const blocks = children(keys);
  const names = new Map(Object.entries(TOP));
  for (const side of ["input", "output"] as const) {
    const levels = side === "input" ? "down_blocks" : "up_blocks";
    const sampler = side === "input" ? "downsamplers" : "upsamplers";
    let level = 0;
    let resnet = 0;
    for (let i = side === "input" ? 1 : 0; blocks.has(`${side}_blocks.${i}.0`); i++) {
      let ends = false;
      for (let part = 0; part < 3; part++) {
        const module = `${side}_blocks.${i}.${part}`;
        const parts = blocks.get(module);
        if (parts?.has("in_layers")) names.set(module, `${levels}.${level}.resnets.${resnet}`);
        else if (parts?.has("transformer_blocks")) names.set(module, `${levels}.${level}.attentions.${resnet}`);
        else if (parts?.has("op") || parts?.has("conv")) {
          names.set(`${module}.${parts.has("op") ? "op" : "conv"}`, `${levels}.${level}.${sampler}.0.conv`);
          ends = true;
        }
      }
      if (ends) level++;
      resnet = ends ? 0 : resnet + 1;
    }
  }
  return names;
}

/** Names of UNets in the original (LDM) layout: `input_blocks`, `middle_block`, `output_blocks`. */
export function ldmUnet(keys: Iterable<string>): Naming {
  const names = modules(keys);
  return (key) => {
    for (let end = key.lastIndexOf("."); end > 0; end = key.lastIndexOf(".", end - 1)) {
      const module = names.get(key.slice(0, end));
      if (module === undefined) continue;
      const rest = key.slice(end + 1);
      if (!RESNET_MODULE.test(module)) return [{ name: `${module}.${rest}` }];
      const leaf = rest.lastIndexOf(".");
      const part = rest.slice(0, leaf);
      return Object.hasOwn(RESNET, part) ? [{ name: `${module}.${RESNET[part]}${rest.slice(leaf)}` }] : [];
    }
    return [];
  };
}
