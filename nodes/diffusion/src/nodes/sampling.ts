import { choice, defineNode, int, seed } from "@mezzotint/engine";
import { sampleLatent, samplerNamed, schedulerNamed } from "../sampling/index.js";
import { LATENT } from "../sockets.js";
import * as inputs from "./sampling-inputs.js";
import { inRun } from "./sampling-run.js";

const noiseSeed = seed({ tooltip: "The noise to start from. The same seed makes the same picture." });

/** ComfyUI's KSampler. */
export const kSampler = defineNode({
  id: "KSampler",
  title: "KSampler",
  category: "sampling",
  doc: "Makes a latent picture out of noise, in steps: a model denoises what the positive text describes and the negative does not.",
  inputs: {
    model: inputs.model,
    seed: noiseSeed,
    steps: inputs.steps,
    cfg: inputs.cfg,
    sampler_name: inputs.sampler,
    scheduler: inputs.scheduler,
    positive: inputs.positive,
    negative: inputs.negative,
    latent_image: inputs.latent,
    denoise: inputs.denoise,
  },
  outputs: { LATENT },
  resources: ["gpu"],
  version: inputs.namedVersion,
  run: async ({ sampler_name, scheduler, latent_image, ...asked }, ctx) => ({
    LATENT: await sampleLatent({
      ...asked,
      ...inRun(ctx, asked.model),
      latent: latent_image,
      sampler: samplerNamed(sampler_name),
      scheduler: schedulerNamed(scheduler),
    }),
  }),
});

/** ComfyUI's KSamplerAdvanced. */
export const kSamplerAdvanced = defineNode({
  id: "KSamplerAdvanced",
  title: "KSampler (Advanced)",
  category: "sampling",
  doc: "Takes some of a KSampler's steps. Two of them make one picture: the first leaves its noise in the latent, the second adds none.",
  inputs: {
    model: inputs.model,
    add_noise: choice(["enable", "disable"], { tooltip: "Whether noise joins the latent at the start." }),
    noise_seed: noiseSeed,
    steps: inputs.steps,
    cfg: inputs.cfg,
    sampler_name: inputs.sampler,
    scheduler: inputs.scheduler,
    positive: inputs.positive,
    negative: inputs.negative,
    latent_image: inputs.latent,
    start_at_step: int({ default: 0, min: 0, max: 10_000, tooltip: "The first step that is taken, from 0." }),
    end_at_step: int({ default: 10_000, min: 0, max: 10_000, tooltip: "The step before which it stops." }),
    return_with_leftover_noise: choice(["disable", "enable"], {
      tooltip: "Whether a part that stops early leaves its noise in the latent. Else its last step denoises fully.",
    }),
  },
  outputs: { LATENT },
  resources: ["gpu"],
  version: inputs.namedVersion,
  run: async ({ sampler_name, scheduler, ...asked }, ctx) => ({
    LATENT: await sampleLatent({
      model: asked.model,
      steps: asked.steps,
      cfg: asked.cfg,
      positive: asked.positive,
      negative: asked.negative,
      ...inRun(ctx, asked.model),
      latent: asked.latent_image,
      seed: asked.noise_seed,
      ...(asked.add_noise === "disable" && { noise: "none" }),
      sampler: samplerNamed(sampler_name),
      scheduler: schedulerNamed(scheduler),
      part: {
        start: asked.start_at_step,
        end: asked.end_at_step,
        leftoverNoise: asked.return_with_leftover_noise === "enable",
      },
    }),
  }),
});
