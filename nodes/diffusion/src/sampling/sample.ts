import { elements, type Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import type { Model } from "../models/descriptions.js";
import type { Guider, Latent } from "../sockets.js";
import { withChannels } from "./fitting.js";
import { guidedDenoiser } from "./guided-denoiser.js";
import { expandMask } from "./inpaint.js";
import { differentialMask } from "./inpaint-differential.js";
import { startingNoise } from "./prediction.js";
import { prepareNoise } from "./prepare-noise.js";
import type { SampleProblem, Sampler } from "./samplers/sampler.js";
import type { Schedule } from "./schedules/schedule.js";
import { sigmaAtPercent, sigmaTable } from "./sigma-table.js";
import { solve } from "./solve.js";
import { type SampledStep, watchSteps } from "./watch-steps.js";

/** What every way of sampling takes. */
export interface Sampling {
  readonly inference: Inference;
  readonly latent: Latent;
  readonly sampler: Sampler;
  /** Where all random numbers start from. */
  readonly seed: bigint;
  /** Unit noise to start with, like the latent, or none; absent: the seed's. */
  readonly noise?: Tensor | "none";
  readonly signal?: AbortSignal;
  /** Called once a step, after its first model call, and waited for. */
  readonly onStep?: (step: SampledStep) => void | Promise<void>;
  /** Imitate this release of ComfyUI where it differs: `0.3.64`. */
  readonly compat?: string;
}

/** Sampling along any schedule, by any guider. */
export interface SampleRequest extends Sampling {
  readonly guider: Guider;
  readonly schedule: Schedule;
  /** Fresh unit noise for the step between two levels; absent: the seed's, from the sampler's own source. */
  readonly draw?: SampleProblem["noise"];
}

/** What a run comes to. Both keep the given latent's mask and places in the batch. */
export interface Sampled {
  readonly output: Latent;
  /** What the model took the picture to be in the last step; the output itself when no step was taken. */
  readonly denoised: Latent;
}

/** A schedule for a model, of these noise levels: it starts with their noise and ends as it comes. */
export const scheduleOf = (model: Model, sigmas: Float32Array): Schedule => ({
  sigmas,
  noise: startingNoise(sigmas[0] ?? 0, sigmaTable(model.prediction).largest),
  end: 1,
});

/**
 * Makes a latent along a schedule. Of a single level the noise joins the latent and no step is taken; of none the
 * latent stays as it is. Throws, saying what does not fit, when model, conditioning, noise and latent do not.
 */
export async function sampleSchedule(request: SampleRequest): Promise<Sampled> {
  const { guider, inference, schedule, sampler, seed, draw, signal, onStep, compat } = request;
  const { model } = guider;
  const { dims, data } = withChannels(request.latent.samples, model.latent.channels);
  const like = (values: Float32Array): Latent => ({ ...request.latent, samples: { dims, data: values } });
  if (schedule.sigmas.length === 0) return { output: like(data), denoised: like(data) };

  const noise = startOf(request, dims);
  const { scale } = model.latent;
  const latent = data.map((value) => value * scale);
  const mask = request.latent.noise_mask && expandMask(request.latent.noise_mask, dims);
  const maskAt = mask && differentialMask(model, schedule.sigmas, mask);
  const told = new Map(schedule.timesteps && Array.from(schedule.timesteps, (t, i) => [schedule.sigmas[i]!, t]));
  const { denoise, denoiseBoth, ms, release } = await guidedDenoiser({
    guider,
    inference,
    dims,
    needsUncond: sampler.needsUncond === true,
    masked: mask && { mask, latent },
    timestep: (sigma) => told.get(sigma),
    signal,
  });
  const table = sigmaTable(model.prediction);
  try {
    const steps = solve({
      sampler,
      schedule,
      denoise,
      denoiseBoth,
      sigmaAtPercent: (percent) => sigmaAtPercent(table, percent),
      latent,
      noise,
      ...(mask && { mask }),
      ...(maskAt && { maskAt }),
      seed,
      ...(draw && { draw }),
      ...(compat !== undefined && { compat }),
    });
    const planned = schedule.sigmas.length - 1;
    const { result, denoised } = await watchSteps(steps, { onStep, signal, planned, dims, hostMs: ms });
    const unscaled = (values: Float32Array) => like(values.map((value) => value / scale));
    const output = unscaled(result);
    return { output, denoised: denoised && denoised !== result ? unscaled(denoised) : output };
  } finally {
    release();
  }
}

/** The unit noise that a run starts with. Refuses one that is not like the latent. */
function startOf({ noise, seed, latent }: SampleRequest, dims: readonly number[]): Float32Array {
  if (noise === "none") return new Float32Array(elements(dims));
  const { dims: own, data } = noise ?? prepareNoise(dims, seed, latent.batch_index);
  if (data.length !== elements(dims)) {
    throw new Error(`the noise is [${own}] and the latent [${dims}]: they must be of one shape`);
  }
  return data;
}
