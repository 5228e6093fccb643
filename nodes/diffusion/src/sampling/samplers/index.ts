import { dpmpp2m } from "./dpmpp-2m.js";
import { dpmpp2mSde } from "./dpmpp-2m-sde.js";
import { ddim, euler } from "./euler.js";
import { eulerAncestral } from "./euler-ancestral.js";
import { heun } from "./heun.js";
import { lcm } from "./lcm.js";
import type { Sampler } from "./sampler.js";

export { brownianNoise, type NoiseRequest, type NoiseSource, normalNoise } from "./noise.js";
export type { SampleProblem, Sampler, SampleStep } from "./sampler.js";

/** Every sampler by the name that saved workflows use, in the order in which editors list them. */
export const samplers = {
  euler,
  euler_ancestral: eulerAncestral,
  heun,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_sde: dpmpp2mSde,
  lcm,
  ddim,
} satisfies Record<string, Sampler>;
/** A sampler's name in workflows. */
export type SamplerName = keyof typeof samplers;
