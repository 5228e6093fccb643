import type { SigmaTable } from "../sigma-table.js";
import { incompleteBeta } from "./incomplete-beta.js";
import { type Scheduler, withZero } from "./schedule.js";

/** Training steps at even quantiles of Beta(0.6, 0.6): denser at both ends (Lee et al. 2024, "Beta sampling is all you need"). */
export const beta: Scheduler = (table, steps) => betaLevels(table, steps, [0.6, 0.6]);

/** Training steps at even quantiles of a beta distribution, whose two parameters are more than 0 and up to about 100. */
export function betaLevels(
  { sigmas }: SigmaTable,
  steps: number,
  [late, early]: readonly [late: number, early: number],
): Float32Array {
  const last = sigmas.length - 1;
  // A quantile rounds to the step k when it lies past k - 1/2: comparing probabilities there saves inverting anything.
  // The half itself, which the median of an even table is, goes up.
  const passed = Float64Array.from({ length: last }, (_, k) => incompleteBeta((k + 0.5) / last, late, early));
  const chosen: number[] = [];
  let step = last;
  for (let i = 0; i < steps; i++) {
    while (step > 0 && passed[step - 1]! > 1 - i / steps + 1e-12) step--;
    // More steps than training has near an end would repeat one.
    if (step !== chosen.at(-1)) chosen.push(step);
  }
  return withZero(chosen.map((k) => sigmas[k]!));
}
