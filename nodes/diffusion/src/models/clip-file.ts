import { openCheckpoint } from "./checkpoint.js";
import type { Overrides } from "./describe.js";
import type { Clip, TextEncoder } from "./descriptions.js";

/** What SDXL takes of both of its encoders: the state before the last layer, without the final norm. */
const SDXL = { layer: -2, norm: false };

/**
 * Opens the text encoder in a file that holds nothing else, in transformers' or OpenCLIP's layout, for the model that
 * uses it alone: OpenAI's L (12 layers) is Stable Diffusion 1's, OpenCLIP's H (24) is 2's, its bigG (32) the SDXL
 * refiner's. The text encoders of a whole checkpoint stay as they are there.
 */
export async function openClip(path: string, overrides: Overrides = {}): Promise<Clip> {
  const encoders = await encodersIn(path, overrides);
  const [only] = encoders;
  if (!only || encoders.length > 1 || only.weights.prefix !== "") return { kind: "clip", encoders };
  return { kind: "clip", encoders: [{ ...openCLIPs(only), ...placeAlone(only) }] };
}

/** Opens SDXL's text encoders from two files, in either order. Throws unless one is L and the other bigG. */
export async function openDualClip(paths: readonly [string, string], overrides: Overrides = {}): Promise<Clip> {
  const [a, b] = [await encodersIn(paths[0], overrides), await encodersIn(paths[1], overrides)];
  const both = [...a, ...b];
  const l = both.find((encoder) => !isOpenCLIP(encoder));
  const g = both.find((encoder) => isOpenCLIP(encoder) && !isH(encoder));
  if (a.length === 1 && b.length === 1 && l && g)
    return { kind: "clip", encoders: [l, openCLIPs(g)].map((encoder) => ({ ...encoder, ...SDXL })) };
  const found = both.map((encoder) => `${encoder.weights.files[0]} holds ${nameOf(encoder)}`);
  throw new Error(`SDXL needs CLIP-L and OpenCLIP-bigG, each in a file of its own, but ${found.join(" and ")}`);
}

async function encodersIn(path: string, overrides: Overrides): Promise<readonly TextEncoder[]> {
  const { clip } = await openCheckpoint(path, overrides);
  if (!clip) throw new Error(`${path} holds no CLIP text encoder; a checkpoint belongs into models/checkpoints`);
  return clip.encoders;
}

/** OpenCLIP's encoders have the exact GELU, OpenAI's an approximation. */
const isOpenCLIP = ({ config }: TextEncoder): boolean => config.activation === "gelu";
const isH = ({ size }: TextEncoder): boolean => size.layers === 23 || size.layers === 24;

/** OpenCLIP pads with token 0, which a `config.json` beside the weights does not tell. */
const openCLIPs = (encoder: TextEncoder): TextEncoder =>
  isOpenCLIP(encoder) ? { ...encoder, config: { ...encoder.config, pad: 0 } } : encoder;

/** Which layer is taken of an encoder that stands alone. */
function placeAlone(encoder: TextEncoder): Pick<TextEncoder, "layer" | "norm"> {
  const { layers } = encoder.size;
  if (!isOpenCLIP(encoder)) return { layer: -1, norm: true };
  if (layers > 24) return SDXL;
  // Stable Diffusion 2 was trained on the last layer but one; diffusers' files have no other after it.
  return { layer: layers === 23 ? -1 : -2, norm: true };
}

const nameOf = (encoder: TextEncoder): string =>
  `${isOpenCLIP(encoder) ? (isH(encoder) ? "OpenCLIP-H" : "an OpenCLIP encoder") : "CLIP-L"} (${encoder.size.layers} layers)`;
