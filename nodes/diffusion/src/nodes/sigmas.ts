import { defineNode, float, int } from "@mezzotint/engine";
import {
  betaLevels,
  chooseSigmas,
  exponentialLevels,
  karrasLevels,
  laplaceLevels,
  polyexponentialLevels,
  schedulerNamed,
  schedulerVersion,
  sigmaTable,
  turbo,
  variancePreservingLevels,
} from "../sampling/index.js";
import { SIGMAS } from "../sockets.js";
import * as inputs from "./sampling-inputs.js";
import { toSigmas } from "./sigma-levels.js";

const level = (value: number, tooltip: string) => float({ default: value, min: 0, max: 5000, step: 0.01, tooltip });
const largest = level(14.614642, "The first level.");
const smallest = level(0.0291675, "The last level before 0.");

/** ComfyUI's BasicScheduler. */
export const basicScheduler = defineNode({
  id: "BasicScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Chooses a model's noise levels by a scheduler's name.",
  inputs: { model: inputs.model, scheduler: inputs.scheduler, steps: inputs.steps, denoise: inputs.denoise },
  outputs: { SIGMAS },
  version: ({ scheduler }) => schedulerVersion(scheduler),
  run: ({ model, scheduler, steps, denoise }) => ({
    // A scheduler may give more levels than it was asked for: the last are taken, as in ComfyUI.
    SIGMAS: toSigmas(
      chooseSigmas(sigmaTable(model.prediction), { scheduler: schedulerNamed(scheduler), steps, denoise }).slice(
        -(steps + 1),
      ),
    ),
  }),
});

/** ComfyUI's KarrasScheduler. */
export const karrasScheduler = defineNode({
  id: "KarrasScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Noise levels that are even in a root of sigma: the larger rho, the shorter the steps at the end.",
  inputs: {
    steps: inputs.steps,
    sigma_max: largest,
    sigma_min: smallest,
    rho: float({ default: 7, min: 0, max: 100, step: 0.01, tooltip: "Which root." }),
  },
  outputs: { SIGMAS },
  check: ({ rho }) => (rho === 0 ? "rho must be more than 0: there is no root without a degree" : undefined),
  run: ({ steps, sigma_max, sigma_min, rho }) => ({
    SIGMAS: toSigmas(karrasLevels({ largest: sigma_max, smallest: sigma_min }, steps, rho)),
  }),
});

/** ComfyUI's SDTurboScheduler. */
export const sdTurboScheduler = defineNode({
  id: "SDTurboScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "The noise levels of models that were distilled to make a picture in 1 to 10 steps.",
  inputs: {
    model: inputs.model,
    steps: int({ default: 1, min: 1, max: 10, tooltip: "How many steps the denoising takes." }),
    denoise: inputs.denoise,
  },
  outputs: { SIGMAS },
  run: ({ model, steps, denoise }) => ({ SIGMAS: toSigmas(turbo(sigmaTable(model.prediction), steps, denoise)) }),
});

const positive = (values: Readonly<Record<string, number | undefined>>): string | undefined => {
  const zero = Object.keys(values).find((name) => values[name] === 0);
  return zero && `${zero} must be more than 0`;
};

/** ComfyUI's ExponentialScheduler. */
export const exponentialScheduler = defineNode({
  id: "ExponentialScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Noise levels that are even in their logarithm.",
  inputs: { steps: inputs.steps, sigma_max: largest, sigma_min: smallest },
  outputs: { SIGMAS },
  check: ({ sigma_max, sigma_min }) => positive({ sigma_max, sigma_min }),
  run: ({ steps, sigma_max, sigma_min }) => ({
    SIGMAS: toSigmas(exponentialLevels({ largest: sigma_max, smallest: sigma_min }, steps)),
  }),
});

/** ComfyUI's PolyexponentialScheduler. */
export const polyexponentialScheduler = defineNode({
  id: "PolyexponentialScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Noise levels whose logarithm falls as a power of the steps that are left.",
  inputs: {
    steps: inputs.steps,
    sigma_max: largest,
    sigma_min: smallest,
    rho: float({ default: 1, min: 0, max: 100, step: 0.01, tooltip: "Which power." }),
  },
  outputs: { SIGMAS },
  check: ({ sigma_max, sigma_min }) => positive({ sigma_max, sigma_min }),
  run: ({ steps, sigma_max, sigma_min, rho }) => ({
    SIGMAS: toSigmas(polyexponentialLevels({ largest: sigma_max, smallest: sigma_min }, steps, rho)),
  }),
});

/** ComfyUI's LaplaceScheduler. */
export const laplaceScheduler = defineNode({
  id: "LaplaceScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Noise levels most of which lie around one, as in a Laplace distribution of their logarithm. They do not end in 0.",
  inputs: {
    steps: inputs.steps,
    sigma_max: largest,
    sigma_min: smallest,
    mu: float({ default: 0, min: -10, max: 10, step: 0.1, tooltip: "The logarithm of the level in the middle." }),
    beta: float({ default: 0.5, min: 0, max: 10, step: 0.1, tooltip: "How far they spread." }),
  },
  outputs: { SIGMAS },
  run: ({ steps, sigma_max, sigma_min, mu, beta }) => ({
    SIGMAS: toSigmas(laplaceLevels({ largest: sigma_max, smallest: sigma_min }, steps, { centre: mu, spread: beta })),
  }),
});

/** ComfyUI's VPScheduler. */
export const vpScheduler = defineNode({
  id: "VPScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "Noise levels that are even in the time of a continuous variance-preserving diffusion.",
  inputs: {
    steps: inputs.steps,
    beta_d: level(19.9, "How much the rate of noise rises."),
    beta_min: level(0.1, "The rate of noise at the start of time."),
    eps_s: float({ default: 0.001, min: 0, max: 1, step: 0.0001, tooltip: "The time of the last level before 0." }),
  },
  outputs: { SIGMAS },
  run: ({ steps, beta_d, beta_min, eps_s }) => ({
    SIGMAS: toSigmas(variancePreservingLevels({ betaMin: beta_min, betaRange: beta_d, earliest: eps_s }, steps)),
  }),
});

const shape = (tooltip: string) => float({ default: 0.6, min: 0, max: 50, step: 0.01, tooltip });

/** ComfyUI's BetaSamplingScheduler. */
export const betaSamplingScheduler = defineNode({
  id: "BetaSamplingScheduler",
  category: "sampling/custom_sampling/schedulers",
  doc: "A model's noise levels at even quantiles of a beta distribution of its training steps.",
  inputs: {
    model: inputs.model,
    steps: inputs.steps,
    alpha: shape("The smaller, the denser the levels of little noise."),
    beta: shape("The smaller, the denser the levels of much noise."),
  },
  outputs: { SIGMAS },
  check: ({ alpha, beta }) => positive({ alpha, beta }),
  run: ({ model, steps, alpha, beta }) => ({
    SIGMAS: toSigmas(betaLevels(sigmaTable(model.prediction), steps, [alpha, beta])),
  }),
});
