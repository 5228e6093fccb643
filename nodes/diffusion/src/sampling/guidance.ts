import type { Model } from "../models/descriptions.js";
import { blend } from "./samplers/blend.js";

/**
 * Classifier-free guidance (Ho and Salimans 2022): what the prompt makes of the latent, moved `scale` times as far
 * from what the negative prompt makes of it.
 */
export const guide = (scale: number, positive: Float32Array, negative: Float32Array): Float32Array =>
  blend(scale, positive, 1 - scale, negative);

/** At a scale of one the negative prompt cancels out, and the model need not be asked about it. */
export const needsNegative = (scale: number): boolean => Math.abs(scale - 1) > 1e-9 * Math.max(1, Math.abs(scale));

/** A noisy latent at a level, and what the model makes of it with the prompt and with the negative one. */
export interface Guided {
  readonly x: Float32Array;
  readonly sigma: number;
  readonly positive: Float32Array;
  readonly negative: Float32Array;
}

/** Guidance by a scale as a model wants it, for latents of these dims. */
export function guidance(
  { rescaleGuidance = 0 }: Pick<Model, "rescaleGuidance">,
  scale: number,
  [batch = 1]: readonly number[],
): (answers: Guided) => Float32Array {
  return ({ x, sigma, positive, negative }) => {
    const guided = guide(scale, positive, negative);
    return rescaleGuidance === 0 ? guided : rescaled(rescaleGuidance, guided, { x, sigma, positive, batch });
  };
}

/**
 * Brings guided latents back to the spread of the prompt's own answer, `part` of the way (Lin et al. 2023, "Common
 * diffusion noise schedules and sample steps are flawed", equations 14 to 16). The spread is that of the velocities, and
 * those are, up to a factor, the distances from `x / (sigma² + 1)`.
 */
function rescaled(
  part: number,
  guided: Float32Array,
  { x, sigma, positive, batch }: { x: Float32Array; sigma: number; positive: Float32Array; batch: number },
): Float32Array {
  const centre = x.map((value) => value / (sigma ** 2 + 1));
  const size = x.length / batch;
  const out = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += size) {
    const wide = spread(centre, guided, start, size);
    const factor = wide === 0 ? 1 : part * (spread(centre, positive, start, size) / wide) + (1 - part);
    for (let i = start; i < start + size; i++) out[i] = centre[i]! - (centre[i]! - guided[i]!) * factor;
  }
  return out;
}

/** The standard deviation of the differences of two arrays, over one item of a batch. */
function spread(a: Float32Array, b: Float32Array, start: number, size: number): number {
  let sum = 0;
  for (let i = start; i < start + size; i++) sum += a[i]! - b[i]!;
  const mean = sum / size;
  let squares = 0;
  for (let i = start; i < start + size; i++) squares += (a[i]! - b[i]! - mean) ** 2;
  return Math.sqrt(squares / size);
}
