import { combine } from "./blend.js";
import type { SampleProblem, Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/** The reverse SDE's linear part over a stretch of log sigma, on which both solvers rest. */
const decay = (length: number): number => -Math.expm1(-2 * length);

/** Noise of the step so far, as it is at a level between: each part fades as the process goes on. */
function followed({ noise }: Pick<SampleProblem, "noise">) {
  let fresh: Float32Array | undefined;
  return (sigma: number, next: number): Float32Array => {
    const length = Math.log(sigma / next);
    const drawn = noise(sigma, next);
    const share = Math.sqrt(decay(length));
    fresh = fresh === undefined ? combine([share, drawn]) : combine([next / sigma, fresh], [share, drawn]);
    return fresh;
  };
}

/** The change of the answers, taken to be even in log sigma, over a stretch: (e^-2l - 1) / 2l + 1. */
const rise = (length: number): number => 1 - decay(length) / (2 * length);

/**
 * SEEDS-2 (Gonzalez et al. 2023): exponential steps on the reverse SDE, with noise that has the exact variance at the
 * level between as well as at the end.
 */
export const seeds2: Sampler = {
  run: stepping(({ denoise, noise }) => async ({ x, sigma, next, denoised }) => {
    const fresh = followed({ noise });
    const middle = Math.sqrt(sigma * next);
    const half = Math.log(sigma / middle);
    const guess = combine([(middle / sigma) ** 2, x], [decay(half), denoised], [middle, fresh(sigma, middle)]);
    const there = await denoise(guess, middle);
    return combine([(next / sigma) ** 2, x], [decay(2 * half), there], [next, fresh(middle, next)]);
  }),
};

/** SEEDS-3: the same in three stages, at thirds of the step in log sigma. */
export const seeds3: Sampler = {
  run: stepping(({ denoise, noise }) => async ({ x, sigma, next, denoised }) => {
    const fresh = followed({ noise });
    const third = Math.log(sigma / next) / 3;
    const [near, far] = [sigma * Math.exp(-third), next * Math.exp(third)];
    const first = combine([(near / sigma) ** 2, x], [decay(third), denoised], [near, fresh(sigma, near)]);
    const second = await denoise(first, near);
    const steep = 2 * rise(2 * third);
    const guess = combine(
      [(far / sigma) ** 2, x],
      [decay(2 * third) - steep, denoised],
      [steep, second],
      [far, fresh(near, far)],
    );
    const there = await denoise(guess, far);
    const bend = 1.5 * rise(3 * third);
    return combine(
      [(next / sigma) ** 2, x],
      [decay(3 * third) - bend, denoised],
      [bend, there],
      [next, fresh(far, next)],
    );
  }),
};
