import type { SigmaTable } from "../sigma-table.js";

/** Chooses the noise levels of a run: float32, falling, 0 at the end. How many may differ from `steps` + 1. */
export type Scheduler = (table: SigmaTable, steps: number) => Float32Array;

/** Two noise levels, between which others are chosen. */
export interface LevelRange {
  readonly smallest: number;
  readonly largest: number;
}

/** A run as planned: its noise levels, and how its noise and its result relate to them. */
export interface Schedule {
  /** Float32 noise levels, falling. There is one step from each to the next. */
  readonly sigmas: Float32Array;
  /** What the network is told at each level; absent: the training step that is nearest. */
  readonly timesteps?: Float32Array;
  /** How strong the starting noise is. */
  readonly noise: number;
  /** What the last latent is multiplied by; less than 1 when a schedule stops above 0 and shrinks what is left. */
  readonly end: number;
}

/** The rest of a schedule after `count` steps: noise joins a picture there, at that level's strength. */
export function skipSteps({ sigmas, timesteps, end }: Schedule, count: number): Schedule {
  const rest = sigmas.subarray(count);
  return { sigmas: rest, ...(timesteps && { timesteps: timesteps.subarray(count) }), noise: rest[0] ?? 0, end };
}

/** Ten thousand steps, the most that a node's widget takes, at a denoise of a tenth. */
export const MOST_STEPS = 100_000;

const { fround } = Math;

/**
 * `torch.linspace(start, end, count)` to the bit: float32, both ends met exactly. One value is `start`. It matters,
 * because a Brownian path is followed at times rounded to 1e-6, and noise there depends on the last bit of a sigma.
 * Throws for far more values than anybody samples at: links bring what no widget lets through.
 */
export function linspace(start: number, end: number, count: number): Float32Array {
  // A scheduler may plan a step or two more than it is asked for.
  if (!(count >= 0 && count <= MOST_STEPS + 2)) throw new RangeError(`${count} noise levels; at most ${MOST_STEPS}`);
  const [first, last] = [fround(start), fround(end)];
  const step = count > 1 ? fround(fround(last - first) / (count - 1)) : 0;
  const half = Math.max(Math.floor(count / 2), 1);
  return Float32Array.from({ length: count }, (_, i) => (i < half ? first + step * i : last - step * (count - 1 - i)));
}

/** The levels and the 0 that a run ends with. */
export const withZero = (sigmas: Iterable<number>): Float32Array => Float32Array.of(...sigmas, 0);
