import { combine } from "./blend.js";
import type { Sampler } from "./sampler.js";
import { slope } from "./slope.js";
import { stepping } from "./stepping.js";

/** A step from `levels[0]`; `levels` goes on with those before it, as many as there are slopes to weigh. */
export interface Stretch {
  readonly levels: readonly number[];
  readonly next: number;
}

/**
 * A linear multistep method: the next latent lies along a weighted sum of the slopes here and at the levels before,
 * newest first. It starts with as many as it has, and takes the last step, to 0, by the denoised latent.
 */
export const multistep = (most: number, weights: (stretch: Stretch) => readonly number[]): Sampler => ({
  run: stepping(() => {
    let known: { sigma: number; slope: Float32Array }[] = [];
    return ({ x, sigma, next, denoised }) => {
      known = [{ sigma, slope: slope(x, denoised, sigma) }, ...known.slice(0, most - 1)];
      const along = weights({ levels: known.map((point) => point.sigma), next });
      return combine([1, x], ...known.map((point, i) => [along[i]!, point.slope] as const));
    };
  }),
});
