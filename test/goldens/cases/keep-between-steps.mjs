// @ts-check

/** @typedef {import("@mezzotint/nodes-diffusion").Sampler} Sampler */

/**
 * A one-step sampler that keeps a part of the latent as diffusers' inpainting pipelines do it, after each step, where
 * the product does it before and after each call of the model.
 * @param {Sampler} sampler
 * @param {{ mask: Float32Array, latent: Float32Array, noise: Float32Array, end: number }} kept mask 1 where the latent is
 *   made anew; `end` is what the schedule multiplies the last latent by
 * @returns {Sampler}
 */
export const keepBetweenSteps = (sampler, { mask, latent, noise, end }) => ({
  ...sampler,
  async *run(problem) {
    const { sigmas } = problem;
    let { x } = problem;
    for (let index = 0; index + 1 < sigmas.length; index++) {
      const steps = sampler.run({ ...problem, x, sigmas: sigmas.subarray(index, index + 2) });
      let step = await steps.next();
      for (; !step.done; step = await steps.next()) yield { ...step.value, index };
      const made = step.value;
      const isLast = index + 2 === sigmas.length;
      const next = Number(sigmas[index + 1]);
      x = made.map((value, i) => {
        const there = isLast ? Number(latent[i]) / end : Number(latent[i]) + next * Number(noise[i]);
        return value * Number(mask[i]) + there * (1 - Number(mask[i]));
      });
    }
    return x;
  },
});
