import { blend, combine } from "./blend.js";
import { brownianNoise } from "./noise.js";
import { intervals, type Sampler } from "./sampler.js";

/**
 * DPM-Solver++(3M) on the reverse SDE (k-diffusion, after Lu et al. 2022): like dpmpp_2m_sde_heun, with the bend of
 * the last three answers. The bend counts half of what the exact integral would give it, as in k-diffusion.
 */
export const dpmpp3mSde: Sampler = {
  noise: brownianNoise,
  async *run({ x, sigmas, denoise, noise }) {
    /** Newest first. */
    let before: { denoised: Float32Array; length: number }[] = [];
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      if (next === 0) {
        x = denoised;
        continue;
      }
      const length = Math.log(sigma / next);
      const taken = -Math.expm1(-2 * length);
      const rise = 1 - taken / (2 * length);
      const bend = rise / (2 * length) - 1 / 2;
      const [last, first] = before;
      const shared = [
        [(next / sigma) * Math.exp(-length), x],
        [next * Math.sqrt(taken), noise(sigma, next)],
      ] as const;
      if (last === undefined) {
        x = combine(...shared, [taken, denoised]);
      } else if (first === undefined) {
        const ahead = (rise * length) / last.length;
        x = combine(...shared, [taken + ahead, denoised], [-ahead, last.denoised]);
      } else {
        // Divided differences, in units of the step.
        const [near, far] = [last.length / length, first.length / length];
        const rate = blend(1 / near, denoised, -1 / near, last.denoised);
        const change = combine(
          [1 / (near + far), rate],
          [-1 / (far * (near + far)), last.denoised],
          [1 / (far * (near + far)), first.denoised],
        );
        x = combine(...shared, [taken, denoised], [rise, rate], [rise * near - bend, change]);
      }
      before = [{ denoised, length }, ...before.slice(0, 1)];
    }
    return x;
  },
};
