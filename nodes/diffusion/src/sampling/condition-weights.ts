import type { Tensor } from "@mezzotint/engine";
import { cutWindow, type Rect } from "./areas.js";

/** What an answer weighs: the same everywhere, or for each cell of its window [batch or fewer, cells], repeated along the batch. */
export type Weight = number | Float32Array;

/** Where a condition holds, and by how much, on a latent of one size. */
export interface Extent {
  readonly strength: number;
  /** The part of the latent that the network is shown; absent: all of it. */
  readonly window?: Rect;
  /** Planes of the latent's size [batch, 1, height, width]. */
  readonly mask?: { readonly planes: Tensor; readonly strength: number };
}

/** Over how many cells an area fades out where it ends within the latent; small areas take a quarter of their side. */
const FADE = 8;

/** What a condition weighs: its strength times its mask's, or faded at the edges that lie within the latent. */
export function weightOf({ strength, window, mask }: Extent, [height, width]: readonly [number, number]): Weight {
  if (mask) {
    const { data } = window ? cutWindow(mask.planes, window) : mask.planes;
    return data.map((value) => value * mask.strength * strength);
  }
  if (!window) return strength;
  const rows = fading(window.y, window.height, height);
  const columns = fading(window.x, window.width, width);
  if (rows.every((part) => part === 1) && columns.every((part) => part === 1)) return strength;
  return Float32Array.from(
    { length: rows.length * columns.length },
    (_, i) => strength * rows[Math.floor(i / columns.length)]! * columns[i % columns.length]!,
  );
}

/** What each row of a window weighs along one side of a latent: 1, less towards an end that is not the latent's. */
function fading(start: number, length: number, whole: number): Float32Array {
  const parts = new Float32Array(length).fill(1);
  const reach = Math.min(FADE, Math.floor(length / 4));
  for (let i = 0; i < reach; i++) {
    const part = (i + 1) / reach;
    if (start > 0) parts[i]! *= part;
    if (start + length < whole) parts[length - 1 - i]! *= part;
  }
  return parts;
}

/** Whether a condition of this weight can be left out: it changes nothing anywhere. */
export const isNothing = (weight: Weight): boolean =>
  typeof weight === "number" ? weight === 0 : weight.every((value) => value === 0);
