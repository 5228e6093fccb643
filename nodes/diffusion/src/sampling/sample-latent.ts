import type { Guider, Latent } from "../sockets.js";
import { type Sampling, sampleSchedule, scheduleOf } from "./sample.js";
import { chooseSigmas } from "./schedules/index.js";
import { type Part, partOf } from "./schedules/part.js";
import type { Scheduler } from "./schedules/schedule.js";
import { sigmaTable } from "./sigma-table.js";

/** Sampling as a KSampler node asks for it. */
export interface LatentRequest extends Sampling, Guider {
  readonly scheduler: Scheduler;
  readonly steps: number;
  /** How much of the schedule is run, 0 to 1: how little is left of the latent. */
  readonly denoise?: number;
  /** Which of the steps are taken; absent: all. */
  readonly part?: Part;
}

/** Makes a latent from noise and conditioning. The result keeps the given latent's mask and places in the batch. */
export async function sampleLatent(request: LatentRequest): Promise<Latent> {
  const { scheduler, steps, denoise = 1, part, sampler, ...rest } = request;
  const { discardPenultimate = false } = sampler;
  const planned = chooseSigmas(sigmaTable(request.model.prediction), { scheduler, steps, denoise, discardPenultimate });
  const schedule = scheduleOf(request.model, part ? partOf(planned, part) : planned);
  return (await sampleSchedule({ ...rest, sampler, guider: request, schedule })).output;
}
