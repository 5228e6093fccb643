import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readConfig } from "./config-file.js";

/** How diffusers and transformers name a network's weights in its folder. */
const STEMS = ["diffusion_pytorch_model", "model"];

/**
 * The `.safetensors` files of a network's folder: one file, or the shards that an index lists. Without a plain one, a
 * variant (`*.fp16.safetensors`, `*.non_ema.safetensors`) is taken, the first by name.
 */
export async function weightFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  const known = names.filter((name) => STEMS.some((stem) => name.startsWith(`${stem}.`)));
  const index = (variant: RegExp) => known.find((name) => variant.test(name));
  const plain = known.find((name) => STEMS.some((stem) => name === `${stem}.safetensors`));
  if (plain !== undefined) return [join(folder, plain)];
  const plainIndex = index(/\.safetensors\.index\.json$/);
  if (plainIndex !== undefined) return shards(folder, plainIndex);
  const variant = known.find((name) => /^[^.]+\.[^.]+\.safetensors$/.test(name));
  if (variant !== undefined) return [join(folder, variant)];
  const variantIndex = index(/\.safetensors\.index\.[^.]+\.json$/);
  if (variantIndex !== undefined) return shards(folder, variantIndex);
  const pickles = names.filter((name) => /\.(bin|ckpt|pt|pth)$/.test(name));
  const wanted = STEMS.map((stem) => `${stem}.safetensors`).join(" or ");
  throw new Error(
    pickles.length > 0
      ? `${folder} has only ${pickles.join(", ")}, and pickles are never opened because they can run any code: get ${wanted}, or convert it with a tool you trust`
      : `${folder} has no weights: it needs ${wanted}`,
  );
}

/** The files of a sharded network. An index may only name files beside it. */
async function shards(folder: string, index: string): Promise<string[]> {
  const config = await readConfig(folder, index);
  const map = config?.get("weight_map");
  const names =
    typeof map === "object" && map !== null && !Array.isArray(map) ? [...new Set(Object.values(map))].sort() : [];
  for (const name of names)
    if (typeof name !== "string" || basename(name) !== name || !name.endsWith(".safetensors"))
      throw new Error(
        `${join(folder, index)} names the shard ${JSON.stringify(name)}, which is no .safetensors file beside it`,
      );
  if (names.length === 0) throw new Error(`${join(folder, index)} lists no shards in weight_map`);
  return (names as string[]).map((name) => join(folder, name));
}
