// @ts-check
import { samplers } from "@mezzotint/nodes-diffusion";

/** The product's sampler for a scheduler class of diffusers. @type {Readonly<Record<string, string>>} */
export const DIFFUSERS_SAMPLERS = {
  DDIMScheduler: "ddim",
  EulerDiscreteScheduler: "euler",
  EulerAncestralDiscreteScheduler: "euler_ancestral",
  DPMSolverMultistepScheduler: "dpmpp_2m",
};

/** Classes whose latents keep variance one. */
const VARIANCE_ONE = /^(DDIM|DPMSolver)/;

/** What the product's latents at a level are multiplied by to be those of a class of diffusers. @param {string} name */
export const shrinkFor = (name) => (/** @type {number} */ sigma) =>
  VARIANCE_ONE.test(name) ? 1 / Math.hypot(1, sigma) : 1;

/** A sampler of the product by the name that workflows use, if it has it. @param {string} name */
export const samplerNamed = (name) =>
  /** @type {Record<string, import("@mezzotint/nodes-diffusion").Sampler>} */ (samplers)[name];
