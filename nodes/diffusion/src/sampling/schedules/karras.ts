import { type LevelRange, linspace, type Scheduler, withZero } from "./schedule.js";
import { torchPowers } from "./torch-power.js";

const RHO = 7;
const { fround } = Math;

/**
 * Even in the root of sigma of degree `rho` (Karras et al. 2022, equation 5), between any two levels. Rounded where
 * torch rounds, as `linspace` is.
 */
export function karrasLevels({ smallest, largest }: LevelRange, steps: number, rho: number = RHO): Float32Array {
  const [low, high] = [smallest ** (1 / rho), largest ** (1 / rho)];
  const root = (part: number): number => fround(fround(high) + fround(part * fround(low - high)));
  return withZero(torchPowers(linspace(0, 1, steps).map(root), rho));
}

/** Even in the seventh root of sigma. */
export const karras: Scheduler = (table, steps) => karrasLevels(table, steps);
