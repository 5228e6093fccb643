import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../failure.js";

/** Somebody else's folder of models: what kinds lie where in it. */
export interface Installation {
  /** What its entry in the model paths is called. */
  readonly name: string;
  readonly title: string;
  readonly base: string;
  /** Sub-folders by kind. */
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** Its own list of further folders, if it has one. */
  readonly more?: string;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Where the AUTOMATIC1111 web UI and its forks keep what ComfyUI keeps elsewhere. */
const WEB_UI: Installation["folders"] = {
  checkpoints: ["models/Stable-diffusion"],
  configs: ["models/Stable-diffusion"],
  vae: ["models/VAE"],
  text_encoders: ["models/text_encoder"],
  loras: ["models/Lora", "models/LyCORIS"],
  upscale_models: ["models/ESRGAN", "models/RealESRGAN", "models/SwinIR"],
  embeddings: ["embeddings"],
  hypernetworks: ["models/hypernetworks"],
  controlnet: ["models/ControlNet"],
};

/** Every folder in ComfyUI's `models/` is a kind; those of `kinds` may come later. */
function comfyFolders(base: string, kinds: readonly string[]): Installation["folders"] {
  const there = readdirSync(join(base, "models")).filter(
    (name) => /^[\w-]{1,64}$/.test(name) && isFolder(join(base, "models", name)),
  );
  return Object.fromEntries([...new Set([...kinds, ...there])].map((kind) => [kind, [`models/${kind}`]]));
}

/**
 * Recognises an installation in a folder: ComfyUI (its portable build too), or the AUTOMATIC1111 web UI and its forks.
 * `kinds`: what ComfyUI's model folders are called. Throws a `Failure` that says what was looked for.
 */
export function findInstallation(folder: string, kinds: readonly string[]): Installation {
  const asked = resolve(folder);
  if (!isFolder(asked)) throw new Failure(`there is no folder ${asked}`);
  if (isFolder(join(asked, "models", "Stable-diffusion")))
    return { name: "webui", title: "AUTOMATIC1111 web UI", base: asked, folders: WEB_UI };
  for (const base of [asked, join(asked, "ComfyUI")]) {
    if (!isFolder(join(base, "models"))) continue;
    const more = join(base, "extra_model_paths.yaml");
    const folders = comfyFolders(base, kinds);
    return { name: "comfyui", title: "ComfyUI", base, folders, ...(existsSync(more) && { more }) };
  }
  throw new Failure(
    `${asked} is no installation that is known here: it has neither models/ (ComfyUI) nor models/Stable-diffusion (AUTOMATIC1111 web UI)`,
  );
}
