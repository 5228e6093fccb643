/** Where the models of a kind lie, in ComfyUI's terms. */
export interface Kind {
  /** Sub-folders of `models/`, searched in order. */
  readonly folders: readonly string[];
  /** File endings that are listed, lower case; absent: every file. */
  readonly extensions?: ReadonlySet<string>;
  /** A folder with a `model_index.json` (diffusers layout) counts as one model. */
  readonly pipelines?: boolean;
}

/** ComfyUI's list. Formats that nobody can read here are listed too, so that choosing one says why it fails. */
const WEIGHTS: ReadonlySet<string> = new Set([".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"]);

const weights = (...folders: string[]): Kind => ({ folders, extensions: WEIGHTS });

const KINDS: Readonly<Record<string, Kind>> = {
  checkpoints: { ...weights("checkpoints"), pipelines: true },
  configs: { folders: ["configs"], extensions: new Set([".yaml"]) },
  loras: weights("loras"),
  vae: weights("vae"),
  text_encoders: weights("text_encoders", "clip"),
  diffusion_models: weights("unet", "diffusion_models"),
  clip_vision: weights("clip_vision"),
  style_models: weights("style_models"),
  embeddings: weights("embeddings"),
  diffusers: { folders: ["diffusers"], extensions: new Set(), pipelines: true },
  vae_approx: weights("vae_approx"),
  controlnet: weights("controlnet", "t2i_adapter"),
  gligen: weights("gligen"),
  upscale_models: weights("upscale_models"),
  hypernetworks: weights("hypernetworks"),
  photomaker: weights("photomaker"),
  classifiers: { folders: ["classifiers"] },
  model_patches: weights("model_patches"),
  audio_encoders: weights("audio_encoders"),
};

const ALIASES: Readonly<Record<string, string>> = {
  clip: "text_encoders",
  unet: "diffusion_models",
  t2i_adapter: "controlnet",
};

/** The kinds that every installation has, for pickers and routes. */
export const MODEL_KINDS: readonly string[] = Object.keys(KINDS);

/** The kind that an older name stands for: `clip`, `unet` and `t2i_adapter` have newer names. */
export const kindName = (name: string): string => (Object.hasOwn(ALIASES, name) ? (ALIASES[name] as string) : name);

/** A kind by its name; a pack's own kind is a folder of that name with every file listed. Throws for a path. */
export function kindOf(name: string): Kind {
  const real = kindName(name);
  if (!/^[\w-]{1,64}$/.test(real)) throw new Error(`${JSON.stringify(name)} cannot be a kind of models`);
  return Object.hasOwn(KINDS, real) ? (KINDS[real] as Kind) : { folders: [real] };
}
