import { blend, blend3, combine } from "./blend.js";
import { eulerStep } from "./euler.js";
import { intervals, type Sampler } from "./sampler.js";
import { slope } from "./slope.js";

/**
 * Heun++: looks ahead through two levels and averages the slopes met there, the further the less: a level counts as
 * much as it is high beside the first (Carzit's sd-webui-samplers-scheduler).
 */
export const heunpp2: Sampler = {
  async *run({ x, sigmas, denoise }) {
    const first = sigmas[0] ?? 0;
    const end = sigmas[sigmas.length - 1];
    for (const { index, sigma, next } of intervals(sigmas)) {
      const denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      const near = eulerStep(x, denoised, sigma, next);
      if (next === end) {
        x = near;
        continue;
      }
      const length = next - sigma;
      const here = slope(x, denoised, sigma);
      const ahead = slope(near, await denoise(near, next), next);
      const beyond = sigmas[index + 2]!;
      if (beyond === end) {
        const second = next / (2 * first);
        x = blend3(1, x, length * (1 - second), here, length * second, ahead);
        continue;
      }
      const far = blend(1, near, beyond - next, ahead);
      const furthest = slope(far, await denoise(far, beyond), beyond);
      const [second, third] = [next / (3 * first), beyond / (3 * first)];
      x = combine([1, x], [length * (1 - second - third), here], [length * second, ahead], [length * third, furthest]);
    }
    return x;
  },
};
