import { type LevelRange, linspace, withZero } from "./schedule.js";

const { fround } = Math;

/**
 * Even in the time of a variance-preserving diffusion whose rate of noise rises evenly from `betaMin` by `betaRange`
 * (Song et al. 2021, "Score-based generative modeling through SDEs", appendix C), down to `earliest`.
 */
export function variancePreservingLevels(
  { betaMin, betaRange, earliest }: { betaMin: number; betaRange: number; earliest: number },
  steps: number,
): Float32Array {
  const exponent = (time: number): number =>
    fround(fround(fround(betaRange) * fround(time * time)) / 2) + fround(betaMin * time);
  return withZero(linspace(1, earliest, steps).map((time) => Math.sqrt(fround(Math.expm1(fround(exponent(time)))))));
}

/** Keeps the logarithm of a level at the ends of a Laplace distribution finite. */
const EPSILON = 1e-5;

/**
 * Even quantiles of a Laplace distribution of log sigma around `centre` (Hang et al. 2024, "Improved noise schedule for
 * diffusion training"), none of them outside the range. No 0 follows them.
 */
export const laplaceLevels = (
  { smallest, largest }: LevelRange,
  steps: number,
  { centre, spread }: { centre: number; spread: number },
): Float32Array =>
  linspace(0, 1, steps).map((part) => {
    const left = 0.5 - part;
    const log = centre - spread * Math.sign(left) * Math.log(1 - 2 * Math.abs(left) + EPSILON);
    return Math.min(Math.max(Math.exp(log), smallest), largest);
  });
