import { combine } from "./blend.js";
import { exponentialAdams, type Known } from "./exponential-adams.js";
import { intervals, type Sampler } from "./sampler.js";

/** How many answers the predictor and the corrector draw on. */
const [PREDICTOR, CORRECTOR] = [3, 4];
/** The part of the model's training steps between which noise is added. */
const [NOISY_FROM, NOISY_TO] = [0.2, 0.8];

/** A step that was begun: what it starts from, and its noise, which predictor and corrector share. */
interface Begun {
  readonly x: Float32Array;
  readonly sigma: number;
  readonly next: number;
  /** 1 on the reverse SDE, 0 on the probability-flow ODE. */
  readonly tau: number;
  readonly noise?: Float32Array;
}

/**
 * SA-Solver (Xue et al. 2023): Adams' methods on the reverse SDE in the middle of the way and on the ODE elsewhere,
 * predicted by three answers and corrected by four when the next is known. `again` asks the model once more about the
 * corrected latent (PECE). Towards 0 the orders fall.
 */
const stochasticAdams = ({ again }: { again: boolean }): Sampler => ({
  async *run({ x, sigmas, denoise, noise, sigmaAtPercent }) {
    const [high, low] = [sigmaAtPercent(NOISY_FROM), sigmaAtPercent(NOISY_TO)];
    const steps = sigmas.length - 1;
    const most = (order: number, left: number) => (sigmas[steps] === 0 ? Math.min(order, left) : order);
    let known: Known[] = [];
    let begun: Begun | undefined;
    for (const { index, sigma, next } of intervals(sigmas)) {
      let denoised = await denoise(x, sigma);
      yield { index, sigma, x, denoised };
      known = [{ sigma, denoised }, ...known.slice(0, CORRECTOR - 1)];
      if (begun !== undefined && (next > 0 || again)) {
        x = finish(begun, known.slice(0, most(CORRECTOR, steps - index)));
        if (again) {
          denoised = await denoise(x, sigma);
          known[0] = { sigma, denoised };
        }
      }
      if (next === 0) {
        x = denoised;
        continue;
      }
      const tau = next <= high && next >= low ? 1 : 0;
      begun = { x, sigma, next, tau, ...(tau > 0 && { noise: noise(sigma, next) }) };
      x = finish(begun, known.slice(0, most(PREDICTOR, steps - 1 - index)));
    }
    return x;
  },
});

function finish({ x, sigma, next, tau, noise }: Begun, known: readonly Known[]): Float32Array {
  const rate = 1 + tau;
  const weights = exponentialAdams(known, { sigma, next, rate });
  return combine(
    [(next / sigma) ** rate, x],
    ...known.map(({ denoised }, i) => [weights[i]!, denoised] as const),
    ...(noise ? ([[next * Math.sqrt(1 - (next / sigma) ** 2), noise]] as const) : []),
  );
}

/** SA-Solver with one model call a step. */
export const saSolver = stochasticAdams({ again: false });

/** SA-Solver that evaluates after correcting too: two model calls a step. */
export const saSolverPece = stochasticAdams({ again: true });
