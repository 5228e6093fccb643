import { machineMemory } from "@mezzotint/engine/onnx";
import type { Vae } from "./descriptions.js";
import type { Extent } from "./picture-planes.js";
import { type TileShape, threeShapes, tileCount } from "./tiles.js";

/** Square tiles of the picture, in pixels. */
export interface Tiles {
  readonly side: number;
  readonly overlap: number;
}

/** How a picture is coded: whole, if there are no shapes. */
export interface TilePlan {
  /** In pixels. */
  readonly shapes: readonly TileShape[];
  /** How often the network runs for each picture. */
  readonly runs: number;
}

/** Pixels a side; ComfyUI's own bound. */
const MAX_SIDE = 16384;

/** How many tensors of the widest layer live at once: input, output and what the convolution packs. */
const LIVE_TENSORS = 4;

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/**
 * Plans how a picture is coded: in tiles if they are asked for, or else if it would not fit into this machine's memory.
 * Throws when not even a tile would, and for pictures beyond all bounds.
 */
export function planTiles(vae: Vae, picture: Extent, asked: Tiles | undefined, otherwise: Tiles): TilePlan {
  const { height, width } = picture;
  if (height > MAX_SIDE || width > MAX_SIDE)
    throw new Error(`a picture of ${width}×${height} pixels is too large: at most ${MAX_SIDE} a side are coded`);
  const memory = machineMemory();
  const needs = (pixels: number): number => pixels * vae.width * 4 * LIVE_TENSORS;
  if (asked === undefined && needs(height * width) <= memory) return { shapes: [], runs: 1 };

  const { side, overlap } = fitting(asked ?? otherwise, vae.latent.factor);
  const bytes = needs(Math.min(height * width, side * side));
  if (bytes > memory)
    throw new Error(
      `a picture of ${width}×${height} pixels takes about ${gigabytes(bytes)} in this autoencoder, even in tiles of ${side} pixels, and the machine has ${gigabytes(memory)}: use smaller tiles (VAEDecodeTiled, VAEEncodeTiled) or a smaller picture`,
    );
  const shapes = threeShapes(side, overlap);
  return { shapes, runs: shapes.reduce((sum, shape) => sum + tileCount(height, width, shape), 0) };
}

/** Tiles whose halves and overlaps are whole cells, and more than their overlaps. */
function fitting({ side, overlap }: Tiles, factor: number): Tiles {
  const whole = (size: number, unit: number): number => size - (size % unit);
  const fit = Math.max(2 * factor, whole(side, 2 * factor));
  return { side: fit, overlap: whole(2 * overlap < fit ? overlap : Math.floor(fit / 4), factor) };
}
