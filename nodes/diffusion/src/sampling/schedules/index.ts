import type { SigmaTable } from "../sigma-table.js";
import { beta } from "./beta.js";
import { ddimUniform } from "./ddim-uniform.js";
import { exponential } from "./exponential.js";
import { karras } from "./karras.js";
import { klOptimal } from "./kl-optimal.js";
import { linearQuadratic } from "./linear-quadratic.js";
import { normal, sgmUniform } from "./normal.js";
import type { Scheduler } from "./schedule.js";
import { simple } from "./simple.js";

export { type DiffusersScheduler, diffusersSchedule } from "./diffusers.js";
export { type Schedule, type Scheduler, skipSteps } from "./schedule.js";

/** Every scheduler by the name that saved workflows use, in the order in which editors list them. */
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

/** Ten thousand steps, the most that a node takes, at a denoise of a tenth. */
const MOST_STEPS = 100_000;

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
    if (count > MOST_STEPS) {
      throw new RangeError(
        `${steps} steps at denoise ${denoise} are the end of ${count} steps; at most ${MOST_STEPS} can be planned`,
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
