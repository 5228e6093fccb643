import { choice, defineNode, float, int, link, seed } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import {
  SAMPLING_OPTIONS,
  type SamplerName,
  type SchedulerName,
  sampleLatent,
  samplers,
  schedulers,
} from "../sampling/index.js";
import { CONDITIONING, LATENT, MODEL } from "../sockets.js";

const SAMPLERS = Object.keys(samplers) as SamplerName[];
const SCHEDULERS = Object.keys(schedulers) as SchedulerName[];

/** ComfyUI's KSampler. */
export const kSampler = defineNode({
  id: "KSampler",
  title: "KSampler",
  category: "sampling",
  doc: "Makes a latent picture out of noise, in steps: a model denoises what the positive text describes and the negative does not.",
  inputs: {
    model: link(MODEL, { tooltip: "The model that denoises." }),
    seed: seed({ tooltip: "The noise to start from. The same seed makes the same picture." }),
    steps: int({ default: 20, min: 1, max: 10_000, tooltip: "How many steps the denoising takes." }),
    cfg: float({
      default: 8,
      min: 0,
      max: 100,
      step: 0.1,
      tooltip: "How closely the texts are followed (classifier-free guidance). 1 leaves the negative text out.",
    }),
    sampler_name: choice(SAMPLERS, { tooltip: "The method that goes from one noise level to the next." }),
    scheduler: choice(SCHEDULERS, { tooltip: "How the noise levels are spread over the steps." }),
    positive: link(CONDITIONING, { tooltip: "What the picture should show." }),
    negative: link(CONDITIONING, { tooltip: "What it should not show." }),
    latent_image: link(LATENT, { tooltip: "The latent to start from." }),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: "How much of the latent is made anew; less than 1 keeps something of its picture.",
    }),
  },
  outputs: { LATENT },
  resources: ["gpu"],
  run: async ({ sampler_name, scheduler, latent_image, ...inputs }, { use, signal, progress }) => ({
    LATENT: await sampleLatent({
      ...inputs,
      ...use(SAMPLING_OPTIONS),
      inference: use(INFERENCE),
      latent: latent_image,
      sampler: samplers[sampler_name],
      scheduler: schedulers[scheduler],
      signal,
      onStep: ({ index, total }) => progress(index + 1, total),
    }),
  }),
});
