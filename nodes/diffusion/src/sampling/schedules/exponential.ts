import { linspace, type Scheduler, withZero } from "./schedule.js";

/** Even in log sigma. */
export const exponential: Scheduler = ({ smallest, largest }, steps) =>
  withZero(linspace(Math.log(largest), Math.log(smallest), steps).map(Math.exp));
