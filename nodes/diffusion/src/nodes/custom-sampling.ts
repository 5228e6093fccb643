import { bool, defineNode, link, seed } from "@mezzotint/engine";
import { samplerNamed, samplerVersion, sampleSchedule, scheduleOf } from "../sampling/index.js";
import { GUIDER, LATENT, NOISE, SAMPLER, SIGMAS } from "../sockets.js";
import * as inputs from "./sampling-inputs.js";
import { inRun } from "./sampling-run.js";
import { levelsOf } from "./sigma-levels.js";

const noiseSeed = seed({ tooltip: "The noise to start from. The same seed makes the same picture." });
const sampler = link(SAMPLER, { tooltip: "The method that goes from one noise level to the next." });
const sigmas = link(SIGMAS, { tooltip: "The noise levels to go through." });

/** The latent that a run ends with, and the picture that the model saw in it at its last step. */
const outputs = {
  output: { ...LATENT, tooltip: "The latent at the last noise level." },
  denoised_output: { ...LATENT, tooltip: "What the model took the picture to be in the last step, without any noise." },
};

/** ComfyUI's KSamplerSelect. */
export const kSamplerSelect = defineNode({
  id: "KSamplerSelect",
  category: "sampling/custom_sampling/samplers",
  doc: "Chooses a sampler by name.",
  inputs: { sampler_name: inputs.sampler },
  outputs: { SAMPLER },
  version: ({ sampler_name }) => samplerVersion(sampler_name),
  run: ({ sampler_name }) => ({ SAMPLER: { name: sampler_name, sampler: samplerNamed(sampler_name) } }),
});

/** ComfyUI's RandomNoise. */
export const randomNoise = defineNode({
  id: "RandomNoise",
  category: "sampling/custom_sampling/noise",
  doc: "Noise to start from, drawn from a seed.",
  inputs: { noise_seed: noiseSeed },
  outputs: { NOISE },
  run: ({ noise_seed }) => ({ NOISE: { kind: "seed", seed: noise_seed } as const }),
});

/** ComfyUI's DisableNoise. */
export const disableNoise = defineNode({
  id: "DisableNoise",
  category: "sampling/custom_sampling/noise",
  doc: "No noise to start from: for a latent that has its noise already.",
  inputs: {},
  outputs: { NOISE },
  run: () => ({ NOISE: { kind: "none" } as const }),
});

/** ComfyUI's SamplerCustom. */
export const samplerCustom = defineNode({
  id: "SamplerCustom",
  category: "sampling/custom_sampling",
  doc: "Makes a latent picture with any sampler along any noise levels.",
  inputs: {
    model: inputs.model,
    add_noise: bool({ default: true, tooltip: "Whether noise joins the latent at the start." }),
    noise_seed: noiseSeed,
    cfg: inputs.cfg,
    positive: inputs.positive,
    negative: inputs.negative,
    sampler,
    sigmas,
    latent_image: inputs.latent,
  },
  outputs,
  resources: ["gpu"],
  run: async ({ model, add_noise, noise_seed, cfg, positive, negative, latent_image, ...asked }, ctx) => {
    const { output, denoised } = await sampleSchedule({
      ...inRun(ctx, model),
      guider: { model, positive, negative, cfg },
      latent: latent_image,
      sampler: asked.sampler.sampler,
      schedule: scheduleOf(model, levelsOf(asked.sigmas)),
      seed: noise_seed,
      ...(!add_noise && { noise: "none" }),
    });
    return { output, denoised_output: denoised };
  },
});

/** ComfyUI's SamplerCustomAdvanced. */
export const samplerCustomAdvanced = defineNode({
  id: "SamplerCustomAdvanced",
  category: "sampling/custom_sampling",
  doc: "Makes a latent picture with any noise, guider and sampler along any noise levels.",
  inputs: {
    noise: link(NOISE, { tooltip: "The noise to start from." }),
    guider: link(GUIDER, { tooltip: "The model, and what steers it." }),
    sampler,
    sigmas,
    latent_image: inputs.latent,
  },
  outputs,
  resources: ["gpu"],
  run: async ({ noise, guider, sampler: { sampler }, sigmas, latent_image }, ctx) => {
    const { output, denoised } = await sampleSchedule({
      ...inRun(ctx, guider.model),
      guider,
      latent: latent_image,
      sampler,
      schedule: scheduleOf(guider.model, levelsOf(sigmas)),
      // A sampler's own noise starts from seed 0 then, as in ComfyUI.
      ...(noise.kind === "seed" ? { seed: noise.seed } : { seed: 0n, noise: "none" }),
    });
    return { output, denoised_output: denoised };
  },
});
