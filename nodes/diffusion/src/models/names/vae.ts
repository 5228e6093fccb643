import { type Naming, rewritten } from "./naming.js";

/** The mid attention's layers under their historic names: the original ones, then diffusers' until 2023. */
const ATTENTION: Readonly<Record<string, string>> = {
  norm: "group_norm",
  q: "to_q",
  k: "to_k",
  v: "to_v",
  proj_out: "to_out.0",
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** Names of autoencoders in diffusers' layout, with the attention names of before and after 2023. */
export const diffusersVae: Naming = (key) => {
  const match = /^(.+\.attentions\.\d+)\.([^.]+)\.(weight|bias)$/.exec(key);
  if (!match) return [{ name: key }];
  const [, module, part = "", leaf] = match;
  return [{ name: `${module}.${Object.hasOwn(ATTENTION, part) ? ATTENTION[part] : part}.${leaf}` }];
};

const LEVEL = /^decoder\.up\.(\d{1,3})\./;

/**
 * Names of autoencoders in the original (LDM) layout. It counts `decoder.up` from the highest resolution, diffusers
 * from the lowest.
 */
export function ldmVae(keys: Iterable<string>): Naming {
  let levels = 0;
  for (const key of keys) levels = Math.max(levels, Number(LEVEL.exec(key)?.[1] ?? -1) + 1);
  return (key) => {
    const attention = /^((?:en|de)coder)\.mid\.attn_1\.([^.]+)\.(weight|bias)$/.exec(key);
    if (attention) {
      const [, side, part = "", leaf] = attention;
      return Object.hasOwn(ATTENTION, part)
        ? [{ name: `${side}.mid_block.attentions.0.${ATTENTION[part]}.${leaf}` }]
        : [];
    }
    const name = rewritten(
      key.replace(LEVEL, (_, level) => `decoder.up.${levels - 1 - Number(level)}.`),
      [
        [/^encoder\.down\.(\d+)\.block\.(\d+)\./, "encoder.down_blocks.$1.resnets.$2."],
        [/^encoder\.down\.(\d+)\.downsample\./, "encoder.down_blocks.$1.downsamplers.0."],
        [/^decoder\.up\.(\d+)\.block\.(\d+)\./, "decoder.up_blocks.$1.resnets.$2."],
        [/^decoder\.up\.(\d+)\.upsample\./, "decoder.up_blocks.$1.upsamplers.0."],
        [/^((?:en|de)coder)\.mid\.block_1\./, "$1.mid_block.resnets.0."],
        [/^((?:en|de)coder)\.mid\.block_2\./, "$1.mid_block.resnets.1."],
        [/^((?:en|de)coder)\.norm_out\./, "$1.conv_norm_out."],
      ],
    );
    return [{ name: name.replace(".nin_shortcut.", ".conv_shortcut.") }];
  };
}
