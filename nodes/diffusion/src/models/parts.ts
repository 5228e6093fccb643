import { WeightsError } from "@mezzotint/engine/onnx";
import { canonical, readTensors, type Tensors } from "./canonical.js";
import type { ConfigFile } from "./config-file.js";
import type { WeightsSource } from "./descriptions.js";
import { describeForeign, findComponents, isJunk, type Kind } from "./detect.js";
import { identifyAll } from "./identity.js";

/** One network of a checkpoint, before it is described. */
export interface Part {
  readonly kind: Kind;
  readonly source: WeightsSource;
  /** Its tensors by canonical name. */
  readonly tensors: Tensors;
  /** The configuration in its folder. */
  readonly config?: ConfigFile;
}

/** The networks in some files, and the keys that belong to none of them. */
export interface Parts {
  readonly parts: readonly Part[];
  readonly stored: Tensors;
  /** Keys that no picture needs (`isJunk`). */
  readonly ignored: readonly string[];
  /** Keys of no network that is known here. */
  readonly unknown: readonly string[];
}

/** What the networks are called, in errors. */
const NAMES: Readonly<Record<Kind, string>> = { unet: "a UNet", clip: "a CLIP text encoder", vae: "an autoencoder" };

/**
 * Finds the networks in files whose keys are one set. Throws when there is none, or not the `wanted` one, saying what
 * there is instead.
 */
export async function readParts(files: readonly string[], wanted?: Kind): Promise<Parts> {
  const stored = await readTensors(files);
  const keys = new Set(stored.keys());
  const found = findComponents(keys);
  const components = found.filter(
    ({ kind }, i) => kind === "clip" || found.findIndex((one) => one.kind === kind) === i,
  );
  if (wanted ? !components.some(({ kind }) => kind === wanted) : components.length === 0) {
    const is = components.map(({ kind }) => NAMES[kind]).join(" and ") || describeForeign(keys);
    const needed = wanted ? NAMES[wanted] : "a Stable Diffusion checkpoint, UNet, text encoder or autoencoder";
    throw new WeightsError(files[0] ?? "", undefined, `this must be ${needed}, but it is ${is}`);
  }
  const identity = await identifyAll(files);
  const parts = components.map(({ kind, layout, prefix }) => ({
    kind,
    source: { files, layout, prefix, identity },
    tensors: canonical(stored, { kind, layout, prefix }),
  }));
  const named = new Set(parts.flatMap(({ tensors }) => Array.from(tensors.values(), ({ key }) => key)));
  return {
    parts,
    stored,
    ignored: [...keys].filter(isJunk),
    unknown: [...stored].filter(([key, entry]) => !named.has(entry.key) && !isJunk(key)).map(([key]) => key),
  };
}
