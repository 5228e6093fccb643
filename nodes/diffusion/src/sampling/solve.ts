import { keeping, keepingBoth } from "./inpaint.js";
import { blend } from "./samplers/blend.js";
import { normalNoise } from "./samplers/noise.js";
import type { SampleProblem, Sampler, SampleStep } from "./samplers/sampler.js";
import type { Schedule } from "./schedules/schedule.js";
import { torchGenerator } from "./torch-generator.js";

/** A run of a sampler, in the space that the model works in: latents are scaled for it. */
export interface Run {
  readonly sampler: Sampler;
  readonly schedule: Schedule;
  readonly denoise: SampleProblem["denoise"];
  /** The same and the answer without the prompt. A sampler that says `needsUncond` does not run without it. */
  readonly denoiseBoth?: SampleProblem["denoiseBoth"];
  /** Where the model's training steps lie, for the samplers that go by them. */
  readonly sigmaAtPercent: SampleProblem["sigmaAtPercent"];
  /** What the run starts from, under the noise. Zeros for a picture from nothing. */
  readonly latent: Float32Array;
  /** Unit noise to start with. */
  readonly noise: Float32Array;
  /** Per element, 1 where the latent is made anew, 0 where it is kept. */
  readonly mask?: Float32Array;
  /** The mask at a noise level, where it changes from one to the next. */
  readonly maskAt?: (sigma: number) => Float32Array;
  /** Where fresh noise starts from. */
  readonly seed: bigint;
  /** Fresh unit noise instead of the sampler's own source. */
  readonly draw?: SampleProblem["noise"];
  /** Imitate this release of ComfyUI where it differs: `0.3.64`. */
  readonly compat?: string;
}

/**
 * Samples: noise joins the latent, the sampler goes through the levels, a mask keeps what it keeps. Yields each step
 * and returns the final latent. A schedule without steps returns the latent as it came.
 */
export async function* solve(run: Run): AsyncGenerator<SampleStep, Float32Array> {
  const { sampler, schedule, latent, noise, mask, maskAt, seed, compat } = run;
  const { sigmas } = schedule;
  if (sigmas.length === 0) return latent;
  checkSigmas(sigmas);
  const both = run.denoiseBoth ?? refuse(sampler);

  const size = latent.length;
  const shown = sampler.freshMaskNoise ? () => torchGenerator(BigInt.asUintN(64, seed + 1n)).randn(size) : () => noise;
  const source = sampler.noise ?? normalNoise;
  let own: SampleProblem["noise"] | undefined;
  const kept = mask && { latent, mask, noise: shown(), ...(maskAt && { maskAt }) };
  const result = yield* sampler.run({
    x: blend(schedule.noise, noise, 1, latent),
    sigmas,
    denoise: kept ? keeping(run.denoise, kept) : run.denoise,
    denoiseBoth: kept ? keepingBoth(both, kept) : both,
    sigmaAtPercent: run.sigmaAtPercent,
    noise:
      run.draw ??
      ((sigma, next) => {
        own ??= source({ size, seed, sigmas, ...(compat !== undefined && { compat }) });
        return own(sigma, next);
      }),
  });
  return schedule.end === 1 ? result : result.map((value) => value * schedule.end);
}

/** For a run without answers without the prompt. Throws at once where the sampler is going to ask for them. */
function refuse({ needsUncond = false }: Sampler): SampleProblem["denoiseBoth"] {
  const missing = new Error("the sampler asks what the model says without the prompt, and the run cannot answer that");
  if (needsUncond) throw missing;
  return () => Promise.reject(missing);
}

function checkSigmas(sigmas: Float32Array): void {
  const bad = sigmas.findIndex((sigma) => !Number.isFinite(sigma) || sigma < 0);
  if (bad >= 0) {
    throw new Error(
      `the schedule's noise level ${bad + 1} of ${sigmas.length} is ${sigmas[bad]}; choose more steps or another scheduler`,
    );
  }
}
