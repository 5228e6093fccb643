import { type Adder, Registry } from "../registry.js";
import type { SigmaTable } from "../sigma-table.js";
import { beta } from "./beta.js";
import { ddimUniform } from "./ddim-uniform.js";
import { exponential } from "./exponential.js";
import { karras } from "./karras.js";
import { klOptimal } from "./kl-optimal.js";
import { linearQuadratic } from "./linear-quadratic.js";
import { normal, sgmUniform } from "./normal.js";
import { MOST_STEPS, type Scheduler } from "./schedule.js";
import { simple } from "./simple.js";

export { betaLevels } from "./beta.js";
export { laplaceLevels, variancePreservingLevels } from "./continuous.js";
export { type DiffusersScheduler, diffusersSchedule } from "./diffusers.js";
export { exponentialLevels, polyexponentialLevels } from "./exponential.js";
export { karrasLevels } from "./karras.js";
export { type Part, partOf } from "./part.js";
export { type LevelRange, linspace, type Schedule, type Scheduler, skipSteps, withZero } from "./schedule.js";
export { turbo } from "./turbo.js";

/** Every scheduler of ours by the name that saved workflows use, in the order in which editors list them. */
export const schedulers = {
  simple,
  sgm_uniform: sgmUniform,
  karras,
  exponential,
  ddim_uniform: ddimUniform,
  beta,
  normal,
  linear_quadratic: linearQuadratic,
  kl_optimal: klOptimal,
} satisfies Record<string, Scheduler>;
/** A scheduler's name in workflows. */
export type SchedulerName = keyof typeof schedulers;

const registry = new Registry<Scheduler>("scheduler", schedulers);

/** The names of every scheduler: ours, then those that packs added. */
export const schedulerNames = (): readonly string[] => registry.names();

/** The scheduler of a name, ours or a pack's. Throws when there is none. */
export const schedulerNamed = (name: string): Scheduler => registry.get(name);

/** What a name says in a cache key, so that a pack's new version is no longer served the old one's pictures. */
export const schedulerVersion = (name: string | undefined): string => registry.version(name);

/**
 * Adds a pack's scheduler to the list of KSampler and the like, when the pack is loaded. Throws, naming both packs,
 * when the name is taken.
 */
export function addScheduler(name: string, scheduler: Scheduler, pack: Adder): void {
  if (typeof scheduler !== "function") throw new TypeError(`the scheduler "${name}" is no function`);
  registry.add(name, scheduler, pack);
}

/**
 * The noise levels of a run. A `denoise` below 1 keeps the last `steps` of a schedule that is longer by as much, and
 * 0 leaves none. `discardPenultimate`: one level more is planned and the last before 0 left out, for samplers whose
 * final step would otherwise be too short.
 */
export function chooseSigmas(
  table: SigmaTable,
  {
    scheduler,
    steps,
    denoise = 1,
    discardPenultimate = false,
  }: { scheduler: Scheduler; steps: number; denoise?: number; discardPenultimate?: boolean },
): Float32Array {
  const planned = (count: number): Float32Array => {
    if (!(count >= 0 && count <= MOST_STEPS)) {
      throw new RangeError(
        `${steps} steps at denoise ${denoise} are the end of ${count} steps; 0 to ${MOST_STEPS} can be planned`,
      );
    }
    if (!discardPenultimate) return scheduler(table, count);
    const sigmas = scheduler(table, count + 1);
    return sigmas.filter((_, i) => i !== sigmas.length - 2);
  };
  if (denoise > 0.9999) return planned(steps);
  if (denoise <= 0) return new Float32Array(0);
  return planned(Math.trunc(steps / denoise)).slice(-(steps + 1));
}
