import { combine } from "./blend.js";
import { exponentialAdams, type Known } from "./exponential-adams.js";
import type { Sampler } from "./sampler.js";

/**
 * What stands for 0 at the end of a schedule: ComfyUI writes 0.001 there, and its float32 arithmetic takes sigma from
 * 1 - 1 / (1 + sigma²), which leaves 2^-10.
 */
const END = 2 ** -10;
const ORDER = 3;

/** The paper's B(h), by minus the step's length in log sigma. */
type B = (length: number) => number;

/**
 * UniPC (Zhao et al. 2023): predicts by the last three answers, corrects by the new one as well without asking the
 * model again. Where two answers decide, B(h) says how much the second counts; elsewhere it cancels out.
 */
const unified = (b: B): Sampler => ({
  discardPenultimate: true,
  async *run({ x, sigmas, denoise }) {
    const levels = Array.from(sigmas, (sigma) => sigma || END);
    const steps = levels.length - 1;
    const most = Math.min(ORDER, Math.max(1, steps - 1));
    let known: Known[] = [];
    for (const [index, sigma] of levels.entries()) {
      if (index === 0) {
        if (steps === 0) break;
        known = [{ sigma, denoised: await denoise(x, sigma) }];
      } else {
        const step = { sigma: levels[index - 1]!, next: sigma };
        const points = known.slice(0, Math.min(index, most, steps + 1 - index));
        const guess = advance(x, step, points, b);
        if (index === steps) {
          x = guess;
          break;
        }
        const point = { sigma, denoised: await denoise(guess, sigma) };
        x = advance(x, step, [...points, point], b);
        known = [point, ...known.slice(0, ORDER - 1)];
      }
      yield { index, sigma, x, denoised: known[0]!.denoised };
    }
    return x;
  },
});

function advance(
  x: Float32Array,
  { sigma, next }: { sigma: number; next: number },
  known: readonly Known[],
  b: B,
): Float32Array {
  const weights =
    known.length === 2 ? simple(known, { sigma, next }, b) : exponentialAdams(known, { sigma, next, rate: 1 });
  return combine([next / sigma, x], ...known.map(({ denoised }, i) => [weights[i]!, denoised] as const));
}

/** The paper's weights for two answers, the first of them the step's own: half of B(h) for the change between them. */
function simple([, other]: readonly Known[], { sigma, next }: { sigma: number; next: number }, b: B): number[] {
  const length = Math.log(sigma / next);
  const distance = Math.log(sigma / other!.sigma) / length;
  const change = -b(-length) / 2 / distance;
  return [1 - next / sigma - change, change];
}

/** UniPC with B1(h) = h. */
export const uniPc = unified((length) => length);

/** UniPC with B2(h) = e^h - 1. */
export const uniPcBh2 = unified(Math.expm1);
