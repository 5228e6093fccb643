import { type LevelRange, linspace, type Scheduler, withZero } from "./schedule.js";
import { torchPowers } from "./torch-power.js";

const { fround } = Math;

/** Even in log sigma. */
export const exponential: Scheduler = (table, steps) => exponentialLevels(table, steps);

/** Levels that are even in log sigma, between any two. */
export const exponentialLevels = ({ smallest, largest }: LevelRange, steps: number): Float32Array =>
  withZero(linspace(Math.log(largest), Math.log(smallest), steps).map(Math.exp));

/** Levels whose logarithm falls as a power of the steps that are left; `rho` 1 is even. Rounded where torch rounds. */
export function polyexponentialLevels({ smallest, largest }: LevelRange, steps: number, rho: number): Float32Array {
  const [low, range] = [fround(Math.log(smallest)), fround(Math.log(largest) - Math.log(smallest))];
  return withZero(torchPowers(linspace(1, 0, steps), rho).map((part) => Math.exp(fround(fround(part * range) + low))));
}
