import { choiceOf, float, int, link } from "@mezzotint/engine";
import { samplerNames, samplerVersion, schedulerNames, schedulerVersion } from "../sampling/index.js";
import { CONDITIONING, LATENT, MODEL } from "../sockets.js";

/** The inputs that several sampler nodes have, each described once. */
export const model = link(MODEL, { tooltip: "The model that denoises." });

/** What the picture should show. */
export const positive = link(CONDITIONING, { tooltip: "What the picture should show." });

/** What the picture should not show. */
export const negative = link(CONDITIONING, { tooltip: "What it should not show." });

/** The latent to start from. */
export const latent = link(LATENT, { tooltip: "The latent to start from." });

/** How many steps. */
export const steps = int({ default: 20, min: 1, max: 10_000, tooltip: "How many steps the denoising takes." });

/** The strength of guidance. */
export const cfg = float({
  default: 8,
  min: 0,
  max: 100,
  step: 0.1,
  tooltip: "How closely the texts are followed (classifier-free guidance). 1 leaves the negative text out.",
});

/** How much is denoised. */
export const denoise = float({
  default: 1,
  min: 0,
  max: 1,
  step: 0.01,
  tooltip: "How much of the latent is made anew; less than 1 keeps something of its picture.",
});

/** A sampler's name, of ours or of a pack's. */
export const sampler = choiceOf(samplerNames, { tooltip: "The method that goes from one noise level to the next." });

/** A scheduler's name, of ours or of a pack's. */
export const scheduler = choiceOf(schedulerNames, { tooltip: "How the noise levels are spread over the steps." });

/** Part of the cache keys of nodes that take a sampler or a scheduler by name. */
export const namedVersion = (names: { readonly sampler_name?: string; readonly scheduler?: string }): string =>
  [samplerVersion(names.sampler_name), schedulerVersion(names.scheduler)].join(";");
