import { mergeTensors, readHeader, rowsOf, type TensorEntry, Weights, WeightsError } from "@mezzotint/engine/onnx";
import type { Layout, WeightsSource } from "./descriptions.js";
import { type Component, isJunk, type Kind } from "./detect.js";
import { openClip, transformersClip } from "./names/clip.js";
import type { Naming } from "./names/naming.js";
import { namedHalf, originalTaesd } from "./names/taesd.js";
import { ldmUnet } from "./names/unet.js";
import { diffusersVae, ldmVae } from "./names/vae.js";

/** The tensors of one network by canonical (diffusers' or transformers') name. */
export type Tensors = ReadonlyMap<string, TensorEntry>;

const asIs: Naming = (key) => [{ name: key }];

function namingOf(kind: Kind, layout: Layout, keys: Iterable<string>): Naming {
  if (kind === "unet") return layout === "ldm" ? ldmUnet(keys) : asIs;
  if (layout === "taesd") return originalTaesd;
  if (kind === "vae") return layout === "ldm" ? ldmVae(keys) : diffusersVae;
  return layout === "openclip" ? openClip : transformersClip;
}

/** The tensors of one network of a file under their canonical names; the keys of others and junk are left out. */
export function canonical(stored: Tensors, { kind, layout, prefix }: Component): Tensors {
  const own = [...stored].filter(([key]) => key.startsWith(prefix) && !isJunk(key));
  const naming = namingOf(
    kind,
    layout,
    own.map(([key]) => key.slice(prefix.length)),
  );
  const named = new Map<string, TensorEntry>();
  for (const [key, entry] of own)
    for (const { name, rows } of naming(key.slice(prefix.length), entry.shape)) {
      const other = named.get(name);
      if (other) throw new WeightsError(entry.file, key, `this and ${JSON.stringify(other.key)} are both ${name}`);
      checkShape(name, entry);
      named.set(name, rows ? rowsOf(entry, ...rows) : entry);
    }
  return named;
}

/** What a layer's name says of its shape: kernels have four axes, norms and biases one, other layers two. */
function checkShape(name: string, { file, key, shape }: TensorEntry): void {
  const leaf = /([^.]+)\.(weight|bias)$/.exec(name);
  if (!leaf) return;
  const [, layer = "", part] = leaf;
  const axes = part === "bias" || layer.includes("norm") ? [1] : layer.includes("conv") ? [4] : [2, 4];
  if (axes.includes(shape.length) && !shape.includes(0)) return;
  throw new WeightsError(
    file,
    key,
    `its shape is [${shape.join(", ")}], a layer like this has ${axes.join(" or ")} axes, none of them empty`,
  );
}

/** All tensors of a source's files, as stored; the halves of a tiny autoencoder are told apart (`namedHalf`). */
export async function readTensors(files: readonly string[]): Promise<Tensors> {
  const read = await Promise.all(files.map(readHeader));
  return mergeTensors(read.map((file) => ({ ...file, tensors: namedHalf(file.tensors) })));
}

/** The weights of a described network, under canonical names, ready to build a graph from. */
export async function openWeights(kind: Kind, { files, layout, prefix }: WeightsSource): Promise<Weights> {
  return Weights.from(canonical(await readTensors(files), { kind, layout, prefix }));
}
