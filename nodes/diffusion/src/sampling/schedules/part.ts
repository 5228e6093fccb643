/** Some of a run's steps: what KSamplerAdvanced takes of them, so that several runs make one picture. */
export interface Part {
  /** The first step, from 0. */
  readonly start: number;
  /** The step before which it stops; more than there are: at the end. */
  readonly end: number;
  /** Whether a part that stops early leaves its noise in the latent, for another that goes on. Else it denoises fully. */
  readonly leftoverNoise: boolean;
}

/** The levels of a part; none when it takes no step. */
export function partOf(sigmas: Float32Array, { start, end, leftoverNoise }: Part): Float32Array {
  const cut = sigmas.slice(0, end + 1);
  if (cut.length < sigmas.length && !leftoverNoise) cut[cut.length - 1] = 0;
  return start < cut.length - 1 ? cut.subarray(start) : new Float32Array(0);
}
