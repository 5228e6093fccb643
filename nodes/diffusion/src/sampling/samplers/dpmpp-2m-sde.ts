import { blend, blend3 } from "./blend.js";
import { brownianNoise } from "./noise.js";
import { intervals, type Sampler } from "./sampler.js";

/** How far ahead the last two answers are extrapolated, in steps of log sigma, by the step's length. */
type Ahead = (length: number) => number;

const extrapolating = (ahead: Ahead): Sampler => ({
  noise: brownianNoise,
  async *run({ x, sigmas, denoise, noise }) {
    let last: { denoised: Float32Array; length: number } | undefined;
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      if (next === 0) {
        x = denoised;
        continue;
      }
      const length = Math.log(sigma / next);
      // The drift goes twice as far as the ODE's; the noise brings half of it back.
      const taken = -Math.expm1(-2 * length);
      const keep = (next / sigma) * Math.exp(-length);
      const up = next * Math.sqrt(taken);
      const part = last === undefined ? 0 : (ahead(length) * length) / last.length;
      const drift = last === undefined ? denoised : blend(1 + part, denoised, -part, last.denoised);
      x = blend3(keep, x, taken, drift, up, noise(sigma, next));
      last = { denoised, length };
    }
    return x;
  },
});

/** SDE-DPM-Solver++(2M), midpoint: dpmpp_2m on the reverse SDE, with noise along a Brownian path (Lu et al. 2022). */
export const dpmpp2mSde = extrapolating(() => 1 / 2);

/** The same with Heun's rule: the answers are taken to change evenly over the step, which is integrated exactly. */
export const dpmpp2mSdeHeun = extrapolating((length) => -1 / Math.expm1(-2 * length) - 1 / (2 * length));
