import type { Naming } from "./naming.js";

/** Names of text encoders in transformers' layout. Version 5 dropped the prefix `text_model.` that published files have. */
export const transformersClip: Naming = (key) => {
  if (key === "text_projection.weight" || key.startsWith("text_model.")) return [{ name: key }];
  return /^(embeddings|encoder|final_layer_norm)\./.test(key) ? [{ name: `text_model.${key}` }] : [];
};

const LAYER: Readonly<Record<string, string>> = {
  ln_1: "layer_norm1",
  ln_2: "layer_norm2",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
  "attn.out_proj": "self_attn.out_proj",
};

const TOP: Readonly<Record<string, string>> = {
  positional_embedding: "text_model.embeddings.position_embedding.weight",
  "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
  "ln_final.weight": "text_model.final_layer_norm.weight",
  "ln_final.bias": "text_model.final_layer_norm.bias",
};

/**
 * Names of text encoders in OpenCLIP's layout. Its attention stores queries, keys and values as the thirds of one
 * matrix. `text_projection` keeps its name, because it is stored [in, out], not [out, in] as transformers has it.
 */
export const openClip: Naming = (key, shape) => {
  if (key === "text_projection") return [{ name: key }];
  if (Object.hasOwn(TOP, key)) return [{ name: TOP[key] as string }];
  const match = /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(key);
  if (!match) return [];
  const [, index, part = "", leaf] = match;
  const layer = `text_model.encoder.layers.${index}`;
  if (part === "attn.in_proj") {
    const third = (shape[0] ?? 0) / 3;
    if (!Number.isInteger(third)) return [];
    return ["q", "k", "v"].map((which, i) => ({
      name: `${layer}.self_attn.${which}_proj.${leaf}`,
      rows: [i * third, (i + 1) * third] as const,
    }));
  }
  return Object.hasOwn(LAYER, part) ? [{ name: `${layer}.${LAYER[part]}.${leaf}` }] : [];
};
