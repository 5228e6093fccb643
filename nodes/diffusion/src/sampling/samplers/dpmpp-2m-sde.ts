import { blend, blend3 } from "./blend.js";
import { brownianNoise } from "./noise.js";
import type { Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/** How far ahead the last two answers are extrapolated, in steps of log sigma, by the step's length. */
type Ahead = (length: number) => number;

const extrapolating = (ahead: Ahead): Sampler => ({
  noise: brownianNoise,
  run: stepping(({ noise }) => {
    let last: { denoised: Float32Array; length: number } | undefined;
    return ({ x, sigma, next, denoised }) => {
      const length = Math.log(sigma / next);
      // The drift goes twice as far as the ODE's; the noise brings half of it back.
      const taken = -Math.expm1(-2 * length);
      const keep = (next / sigma) * Math.exp(-length);
      const up = next * Math.sqrt(taken);
      const part = last === undefined ? 0 : (ahead(length) * length) / last.length;
      const drift = last === undefined ? denoised : blend(1 + part, denoised, -part, last.denoised);
      last = { denoised, length };
      return blend3(keep, x, taken, drift, up, noise(sigma, next));
    };
  }),
});

/** SDE-DPM-Solver++(2M), midpoint: dpmpp_2m on the reverse SDE, with noise along a Brownian path (Lu et al. 2022). */
export const dpmpp2mSde = extrapolating(() => 1 / 2);

/** The same with Heun's rule: the answers are taken to change evenly over the step, which is integrated exactly. */
export const dpmpp2mSdeHeun = extrapolating((length) => -1 / Math.expm1(-2 * length) - 1 / (2 * length));
