import { type Adder, Registry } from "../registry.js";
import { deis } from "./deis.js";
import { dpm2, dpm2Ancestral } from "./dpm-2.js";
import { dpmAdaptive } from "./dpm-adaptive.js";
import { dpmFast } from "./dpm-fast.js";
import { dpmpp2m, dpmpp2mCfgPp } from "./dpmpp-2m.js";
import { dpmpp2mSde, dpmpp2mSdeHeun } from "./dpmpp-2m-sde.js";
import { dpmpp2sAncestral, dpmpp2sAncestralCfgPp } from "./dpmpp-2s-ancestral.js";
import { dpmpp3mSde } from "./dpmpp-3m-sde.js";
import { dpmppSde } from "./dpmpp-sde.js";
import { erSde } from "./er-sde.js";
import { ddim, euler, eulerCfgPp } from "./euler.js";
import { ddpm, eulerAncestral, eulerAncestralCfgPp } from "./euler-ancestral.js";
import { gradientEstimation, gradientEstimationCfgPp } from "./gradient-estimation.js";
import { heun } from "./heun.js";
import { heunpp2 } from "./heunpp2.js";
import { ipndm, ipndmV } from "./ipndm.js";
import { lcm } from "./lcm.js";
import { lms } from "./lms.js";
import { resMultistep, resMultistepAncestral, resMultistepAncestralCfgPp, resMultistepCfgPp } from "./res-multistep.js";
import { saSolver, saSolverPece } from "./sa-solver.js";
import type { Sampler } from "./sampler.js";
import { seeds2, seeds3 } from "./seeds.js";
import { uniPc, uniPcBh2 } from "./uni-pc.js";

export { blend, blend3, combine } from "./blend.js";
export { brownianNoise, type NoiseRequest, type NoiseSource, normalNoise } from "./noise.js";
export { type Both, intervals, type SampleProblem, type Sampler, type SampleStep } from "./sampler.js";
export { type Step, type StepStart, stepping } from "./stepping.js";

/**
 * Every sampler of ours by the name that saved workflows use, in the order in which editors list them. Names with `_gpu` draw
 * the same noise as those without: it comes from the CPU's generator everywhere, so that a seed means the same picture.
 */
export const samplers = {
  euler,
  euler_cfg_pp: eulerCfgPp,
  euler_ancestral: eulerAncestral,
  euler_ancestral_cfg_pp: eulerAncestralCfgPp,
  heun,
  heunpp2,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpm_fast: dpmFast,
  dpm_adaptive: dpmAdaptive,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_2s_ancestral_cfg_pp: dpmpp2sAncestralCfgPp,
  dpmpp_sde: dpmppSde,
  dpmpp_sde_gpu: dpmppSde,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_cfg_pp: dpmpp2mCfgPp,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_2m_sde_gpu: dpmpp2mSde,
  dpmpp_2m_sde_heun: dpmpp2mSdeHeun,
  dpmpp_2m_sde_heun_gpu: dpmpp2mSdeHeun,
  dpmpp_3m_sde: dpmpp3mSde,
  dpmpp_3m_sde_gpu: dpmpp3mSde,
  ddpm,
  lcm,
  ipndm,
  ipndm_v: ipndmV,
  deis,
  res_multistep: resMultistep,
  res_multistep_cfg_pp: resMultistepCfgPp,
  res_multistep_ancestral: resMultistepAncestral,
  res_multistep_ancestral_cfg_pp: resMultistepAncestralCfgPp,
  gradient_estimation: gradientEstimation,
  gradient_estimation_cfg_pp: gradientEstimationCfgPp,
  er_sde: erSde,
  seeds_2: seeds2,
  seeds_3: seeds3,
  sa_solver: saSolver,
  sa_solver_pece: saSolverPece,
  ddim,
  uni_pc: uniPc,
  uni_pc_bh2: uniPcBh2,
} satisfies Record<string, Sampler>;
/** A sampler's name in workflows. */
export type SamplerName = keyof typeof samplers;

const registry = new Registry<Sampler>("sampler", samplers);

/** The names of every sampler: ours, then those that packs added. */
export const samplerNames = (): readonly string[] => registry.names();

/** The sampler of a name, ours or a pack's. Throws when there is none. */
export const samplerNamed = (name: string): Sampler => registry.get(name);

/** What a name says in a cache key, so that a pack's new version is no longer served the old one's pictures. */
export const samplerVersion = (name: string | undefined): string => registry.version(name);

/**
 * Adds a pack's sampler to the list of KSampler and the like, when the pack is loaded. Throws, naming both packs, when
 * the name is taken.
 */
export function addSampler(name: string, sampler: Sampler, pack: Adder): void {
  if (typeof sampler?.run !== "function") throw new TypeError(`the sampler "${name}" has no function \`run\``);
  registry.add(name, sampler, pack);
}
