import { blend, combine } from "./blend.js";
import type { Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/** Points of the sums that stand for the integrals. */
const POINTS = 200;

/** How the reverse process scales its noise with sigma: the paper's choice 5. */
const scaling = (sigma: number): number => sigma * (Math.exp(sigma ** 0.3) + 10);

/** What a step draws on: this level's answer and its first two derivatives in sigma, as far as they are known. */
type Derivatives = readonly [denoised: Float32Array, first?: Float32Array, second?: Float32Array];

/**
 * ER-SDE-Solver-3 (Cui et al. 2023): a family of reverse processes that differ in how much noise they bring back, and
 * a Taylor expansion of the denoised latent in sigma, taken from the last three answers.
 */
export const erSde: Sampler = {
  run: stepping(({ sigmas, noise }) => {
    let last: Derivatives | undefined;
    return ({ index, x, sigma, next, denoised }) => {
      const derivatives = differences(denoised, last, [sigma, sigmas[index - 1], sigmas[index - 2]]);
      const keep = scaling(next) / scaling(sigma);
      const weights = [1 - keep, ...(derivatives.length > 1 ? bends(sigma, next) : [])];
      const up = Math.sqrt(Math.max(0, next ** 2 - (sigma * keep) ** 2));
      last = derivatives;
      return combine([keep, x], ...derivatives.map((derivative, order) => [weights[order]!, derivative!] as const), [
        up,
        noise(sigma, next),
      ]);
    };
  }),
};

function differences(
  denoised: Float32Array,
  last: Derivatives | undefined,
  [sigma, before, first]: readonly [sigma: number, before: number | undefined, first: number | undefined],
): Derivatives {
  if (last === undefined || before === undefined) return [denoised];
  const rate = difference(denoised, last[0], sigma - before);
  if (last[1] === undefined || first === undefined) return [denoised, rate];
  return [denoised, rate, difference(rate, last[1], (sigma - first) / 2)];
}

const difference = (a: Float32Array, b: Float32Array, distance: number): Float32Array =>
  blend(1 / distance, a, -1 / distance, b);

/** The weights of both derivatives: what they change of a step whose noise is scaled anew at each level between. */
function bends(sigma: number, next: number): [number, number] {
  const width = (sigma - next) / POINTS;
  let [first, second] = [0, 0];
  for (let point = 0; point < POINTS; point++) {
    const level = next + point * width;
    first += width / scaling(level);
    second += ((level - sigma) * width) / scaling(level);
  }
  return [next - sigma + first * scaling(next), (next - sigma) ** 2 / 2 + second * scaling(next)];
}
