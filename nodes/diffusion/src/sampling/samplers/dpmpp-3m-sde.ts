import { blend, combine } from "./blend.js";
import { brownianNoise } from "./noise.js";
import type { Sampler } from "./sampler.js";
import { stepping } from "./stepping.js";

/**
 * DPM-Solver++(3M) on the reverse SDE (k-diffusion, after Lu et al. 2022): like dpmpp_2m_sde_heun, with the bend of
 * the last three answers. The bend counts half of what the exact integral would give it, as in k-diffusion.
 */
export const dpmpp3mSde: Sampler = {
  noise: brownianNoise,
  run: stepping(({ noise }) => {
    /** Newest first. */
    let before: { denoised: Float32Array; length: number }[] = [];
    return ({ x, sigma, next, denoised }) => {
      const length = Math.log(sigma / next);
      const taken = -Math.expm1(-2 * length);
      const rise = 1 - taken / (2 * length);
      const bend = rise / (2 * length) - 1 / 2;
      const [last, first] = before;
      before = [{ denoised, length }, ...before.slice(0, 1)];
      const shared = [
        [(next / sigma) * Math.exp(-length), x],
        [next * Math.sqrt(taken), noise(sigma, next)],
      ] as const;
      if (last === undefined) return combine(...shared, [taken, denoised]);
      if (first === undefined) {
        const ahead = (rise * length) / last.length;
        return combine(...shared, [taken + ahead, denoised], [-ahead, last.denoised]);
      }
      // Divided differences, in units of the step.
      const [near, far] = [last.length / length, first.length / length];
      const rate = blend(1 / near, denoised, -1 / near, last.denoised);
      const change = combine(
        [1 / (near + far), rate],
        [-1 / (far * (near + far)), last.denoised],
        [1 / (far * (near + far)), first.denoised],
      );
      return combine(...shared, [taken, denoised], [rise, rate], [rise * near - bend, change]);
    };
  }),
};
