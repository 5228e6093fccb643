import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { weightFiles } from "./folder.js";
import { identifyAll } from "./identity.js";

/** Identifies all that `openCheckpoint` reads of paths: weights and configurations. May start with `~` (`identify`). */
export async function checkpointIdentity(...paths: readonly string[]): Promise<string> {
  return identifyAll((await Promise.all(paths.map(filesOf))).flat());
}

const TOKENIZER = ["special_tokens_map.json", "vocab.json", "merges.txt"];
/** What `openCheckpoint` and tokenizers read of a pipeline beside its networks. */
const PIPELINE_CONFIGS = [
  "model_index.json",
  "latent_colours.json",
  "scheduler/scheduler_config.json",
  ...["tokenizer", "tokenizer_2"].flatMap((folder) => TOKENIZER.map((name) => `${folder}/${name}`)),
];
const NETWORKS = ["unet", "vae", "text_encoder", "text_encoder_2"];

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  );

async function filesOf(path: string): Promise<string[]> {
  const network = async (folder: string) => [...(await weightFiles(folder)), join(folder, "config.json")];
  const candidates = async () => {
    if (!(await stat(path)).isDirectory()) return [path, join(dirname(path), "config.json")];
    if (!(await isFile(join(path, "model_index.json")))) return network(path);
    // A network that is missing or broken is for `openCheckpoint` to complain about.
    const networks = await Promise.all(NETWORKS.map((name) => network(join(path, name)).catch(() => [])));
    return [...PIPELINE_CONFIGS.map((name) => join(path, name)), ...networks.flat()];
  };
  const files = await candidates();
  const there = await Promise.all(files.map(isFile));
  return files.filter((_, i) => there[i]);
}
