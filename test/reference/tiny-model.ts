import { closeSync, cpSync, mkdirSync, openSync, readSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../command.js";

const goldens = join(root, "test/goldens/data");

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The tensors of a `.safetensors` file whose keys start with `prefix`, as a file of their own, without it. */
function extract(from: string, prefix: string, to: string): void {
  const file = openSync(from, "r");
  const read = (length: number, at: number): Buffer => {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, at);
    return bytes;
  };
  const size = Number(read(8, 0).readBigUInt64LE());
  const { __metadata__: _, ...tensors } = JSON.parse(read(size, 8).toString()) as Header;
  const header: Header = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const [key, tensor] of Object.entries(tensors)) {
    if (!key.startsWith(prefix)) continue;
    const [start, stop] = tensor.data_offsets;
    parts.push(read(stop - start, 8 + size + start));
    header[key.slice(prefix.length)] = { ...tensor, data_offsets: [end, end + stop - start] };
    end += stop - start;
  }
  closeSync(file);
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(to, Buffer.concat([length, text, ...parts]));
}

/**
 * The tiny checkpoint of test/goldens as a diffusers folder: its heads are not those that a file of its shape would
 * have, and only a folder's configuration can say so.
 */
export function makeTinyModel(folder: string): void {
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(join(goldens, from), join(folder, to), { recursive: true });
  };
  put("unet_sd15/unet", "unet");
  put("vae_quant/vae", "vae");
  put("clip_full/config.json", "text_encoder/config.json");
  const weights = join(folder, "text_encoder/model.safetensors");
  extract(join(goldens, "checkpoint_sd15/model.safetensors"), "cond_stage_model.transformer.", weights);
  const classes = { unet: "UNet2DConditionModel", vae: "AutoencoderKL", text_encoder: "CLIPTextModel" };
  const index = Object.fromEntries(Object.entries(classes).map(([part, name]) => [part, ["diffusers", name]]));
  writeFileSync(join(folder, "model_index.json"), JSON.stringify({ _class_name: "StableDiffusionPipeline", ...index }));
}

/** The prompts that are compared with ComfyUI, by name. */
export const workflowFile = (name: string): string => join(root, "test/reference/workflows", `${name}.json`);

/** What ComfyUI made of a prompt. */
export const goldenFile = (name: string): string => join(root, "test/reference/goldens", `${name}.png`);
