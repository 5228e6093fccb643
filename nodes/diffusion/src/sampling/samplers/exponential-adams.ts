import { polynomialWeights } from "./polynomial-weights.js";

/** A denoised latent and its level. */
export interface Known {
  readonly sigma: number;
  readonly denoised: Float32Array;
}

/**
 * How much each known answer moves the latent in a step from `sigma` to `next`. The answers are taken to lie on a
 * polynomial in log sigma, and the equation, linear but for them, is solved exactly: they are integrated against an
 * exponential of this rate, 1 for the probability-flow ODE and 2 for the reverse SDE. The weights' sum is what the
 * step leaves of the old latent, short of one.
 */
export function exponentialAdams(
  known: readonly Known[],
  { sigma, next, rate }: { sigma: number; next: number; rate: number },
): number[] {
  const length = Math.log(sigma / next);
  // In units of the step, from -1 to 0.
  const nodes = known.map((point) => Math.log(next / point.sigma) / length);
  const left = Math.exp(-rate * length);
  const moments: number[] = [];
  for (let power = 0; power < nodes.length; power++) {
    const lower = power === 0 ? -1 : (power / (rate * length)) * moments[power - 1]!;
    moments.push(-((-1) ** power) * left - lower);
  }
  return polynomialWeights(nodes, moments);
}
