import type { Tensor } from "@mezzotint/engine";
import type { Inference } from "@mezzotint/engine/onnx";
import type { Model } from "../models/descriptions.js";
import { unetSession } from "../models/index.js";
import type { Conditioning, Latent } from "../sockets.js";
import { checkConditioning, checkModel, withChannels } from "./fitting.js";
import { guide, needsNegative } from "./guidance.js";
import { expandMask } from "./inpaint.js";
import { startingNoise } from "./prediction.js";
import { prepareNoise } from "./prepare-noise.js";
import type { SampleProblem, Sampler, SampleStep } from "./samplers/sampler.js";
import { chooseSigmas } from "./schedules/index.js";
import type { Schedule, Scheduler } from "./schedules/schedule.js";
import { sigmaAtPercent, sigmaTable } from "./sigma-table.js";
import { solve } from "./solve.js";
import { unetDenoiser } from "./unet-denoiser.js";

/** A step that was taken, for progress, previews and measurements. Latents are scaled for the model. */
export interface SampledStep extends SampleStep {
  readonly total: number;
  /** Wall milliseconds since the step before (or the start). */
  readonly ms: number;
  /** Of these, the milliseconds that the network itself ran: the rest is what sampling costs. */
  readonly hostMs: number;
  readonly dims: readonly number[];
}

/** What every way of sampling takes. */
interface Sampling {
  readonly model: Model;
  readonly inference: Inference;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
  readonly latent: Latent;
  /** Strength of guidance; 1 leaves the negative prompt out. */
  readonly cfg: number;
  readonly sampler: Sampler;
  readonly seed: bigint;
  readonly signal?: AbortSignal;
  /** Called once a step, after its first model call, and waited for. */
  readonly onStep?: (step: SampledStep) => void | Promise<void>;
  /** Imitate this release of ComfyUI where it differs: `0.3.64`. */
  readonly compat?: string;
}

/** Sampling as a KSampler node asks for it. */
export interface SampleRequest extends Sampling {
  readonly scheduler: Scheduler;
  readonly steps: number;
  /** How much of the schedule is run, 0 to 1: how little is left of the latent. */
  readonly denoise?: number;
}

/** Sampling along any schedule, with any noise. */
export interface ScheduledRequest extends Sampling {
  readonly schedule: Schedule;
  /** Unit noise to start with, like the latent; absent: the seed's. */
  readonly noise?: Tensor;
  /** Fresh unit noise for the step between two levels; absent: the seed's, from the sampler's own source. */
  readonly draw?: SampleProblem["noise"];
}

/** The run that a scheduler plans for a model and a sampler. Without any level (denoise 0) there is nothing to do. */
function planSchedule(
  model: Model,
  { sampler, scheduler, steps, denoise = 1 }: Pick<SampleRequest, "sampler" | "scheduler" | "steps" | "denoise">,
): Schedule {
  const table = sigmaTable(model.prediction);
  const { discardPenultimate = false } = sampler;
  const sigmas = chooseSigmas(table, { scheduler, steps, denoise, discardPenultimate });
  return { sigmas, noise: startingNoise(sigmas[0] ?? 0, table.largest), end: 1 };
}

/** Makes a latent from noise and conditioning. The result keeps the given latent's mask and places in the batch. */
export const sampleLatent = (request: SampleRequest): Promise<Latent> =>
  sampleSchedule({ ...request, schedule: planSchedule(request.model, request) });

/** Makes a latent along a schedule. Throws, saying what does not fit, when model, conditioning and latent do not. */
export async function sampleSchedule(request: ScheduledRequest): Promise<Latent> {
  const { model, inference, cfg, seed, schedule, signal, compat } = request;
  if (schedule.sigmas.length < 2) return request.latent;
  const samples = withChannels(request.latent.samples, model.latent.channels);
  checkModel(model);
  const asked = needsNegative(cfg) || request.sampler.needsUncond === true;
  const negative = asked ? request.negative : [];
  checkConditioning(model, "positive", request.positive);
  if (asked) checkConditioning(model, "negative", negative);

  const { dims } = samples;
  const { scale } = model.latent;
  const mask = request.latent.noise_mask;
  const noise = request.noise ?? prepareNoise(dims, seed, request.latent.batch_index);
  if (noise.data.length !== samples.data.length) {
    throw new Error(`the noise is [${noise.dims}] and the latent [${dims}]: they must be of one shape`);
  }
  const session = await unetSession(model);
  const told = new Map(schedule.timesteps && Array.from(schedule.timesteps, (t, i) => [schedule.sigmas[i]!, t]));
  const unet = unetDenoiser({
    model,
    session,
    inference,
    dims,
    conditionings: asked ? [request.positive, negative] : [request.positive],
    timestep: (sigma) => told.get(sigma),
    ...(signal && { signal }),
  });
  const denoiseBoth: SampleProblem["denoiseBoth"] = async (x, sigma) => {
    const [cond, uncond] = (await unet.denoise(x, sigma)) as [Float32Array, Float32Array];
    return { denoised: guide(cfg, cond, uncond), uncond };
  };
  const table = sigmaTable(model.prediction);
  try {
    const steps = solve({
      sampler: request.sampler,
      schedule,
      denoise: async (x, sigma) =>
        asked ? (await denoiseBoth(x, sigma)).denoised : (await unet.denoise(x, sigma))[0]!,
      denoiseBoth,
      sigmaAtPercent: (percent) => sigmaAtPercent(table, percent),
      latent: samples.data.map((value) => value * scale),
      noise: noise.data,
      ...(mask && { mask: expandMask(mask, dims) }),
      seed,
      ...(request.draw && { draw: request.draw }),
      ...(compat !== undefined && { compat }),
    });
    const result = await watched(steps, request, { dims, hostMs: unet.ms });
    return { ...request.latent, samples: { dims, data: result.map((value) => value / scale) } };
  } finally {
    unet.release();
  }
}

async function watched(
  steps: AsyncGenerator<SampleStep, Float32Array>,
  { schedule, onStep, signal }: ScheduledRequest,
  { dims, hostMs }: { dims: readonly number[]; hostMs: () => number },
): Promise<Float32Array> {
  const planned = schedule.sigmas.length - 1;
  let [since, ran] = [performance.now(), 0];
  for (;;) {
    signal?.throwIfAborted();
    const step = await steps.next();
    if (step.done) return step.value;
    const host = hostMs();
    // A sampler that chooses its own steps may take more.
    const total = Math.max(planned, step.value.index + 1);
    await onStep?.({ ...step.value, total, ms: performance.now() - since, hostMs: host - ran, dims });
    [since, ran] = [performance.now(), host];
  }
}
