import { type SigmaTable, sigmaAt, stepAt } from "../sigma-table.js";
import { linspace, type Scheduler, withZero } from "./schedule.js";

const ends = (table: SigmaTable): [number, number] => [stepAt(table, table.largest), stepAt(table, table.smallest)];

/** Even in training steps, from the last to the first. */
export const normal: Scheduler = (table, steps) => {
  const [last, first] = ends(table);
  // A table that goes down to 0 ends the run by itself.
  if (table.smallest < 1e-5) return linspace(last, first, steps + 1).map((step) => sigmaAt(table, step));
  return withZero(linspace(last, first, steps).map((step) => sigmaAt(table, step)));
};

/** Even in training steps, where the step to no noise is as long as the others (Stability AI's generative models). */
export const sgmUniform: Scheduler = (table, steps) => {
  const [last, first] = ends(table);
  return withZero(
    linspace(last, first, steps + 1)
      .subarray(0, steps)
      .map((step) => sigmaAt(table, step)),
  );
};
