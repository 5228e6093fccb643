import { elements } from "@mezzotint/engine";
import { openWeights } from "./canonical.js";
import { openCheckpoint } from "./checkpoint.js";
import type { Checkpoint, WeightsSource } from "./descriptions.js";
import type { Kind } from "./detect.js";
import { unreadKeys } from "./sessions.js";

/** A network of a checkpoint in figures. */
export interface NetworkSummary {
  readonly kind: Kind;
  readonly source: WeightsSource;
  readonly parameters: number;
  /** How many parameters are stored in each element type, e.g. `{ F16: 859520964 }`. */
  readonly dtypes: Readonly<Record<string, number>>;
}

/** All there is to say about a checkpoint without running it. */
export interface Inspection {
  readonly checkpoint: Checkpoint;
  readonly networks: readonly NetworkSummary[];
  /** Keys within the networks that nothing reads. */
  readonly unread: readonly string[];
}

/** Opens a checkpoint and builds its networks' graphs, to see whether they are whole and every key is read. */
export async function inspectCheckpoint(path: string): Promise<Inspection> {
  const checkpoint = await openCheckpoint(path);
  const { model, clip, vae } = checkpoint;
  const networks: NetworkSummary[] = [];
  if (model) networks.push(await summarise("unet", model.weights));
  for (const { weights } of clip?.encoders ?? []) networks.push(await summarise("clip", weights));
  if (vae) networks.push(await summarise("vae", vae.weights));
  return { checkpoint, networks, unread: await unreadKeys(checkpoint) };
}

async function summarise(kind: Kind, source: WeightsSource): Promise<NetworkSummary> {
  const w = await openWeights(kind, source);
  const dtypes: Record<string, number> = {};
  let parameters = 0;
  for (const key of w.keys()) {
    const count = elements(w.shape(key));
    dtypes[w.dtype(key)] = (dtypes[w.dtype(key)] ?? 0) + count;
    parameters += count;
  }
  return { kind, source, parameters, dtypes };
}
