import { linspace, type Scheduler, withZero } from "./schedule.js";
import { torchPowers } from "./torch-power.js";

const RHO = 7;
const { fround } = Math;

/** Even in the seventh root of sigma (Karras et al. 2022, equation 5). Rounded where torch rounds, as `linspace` is. */
export const karras: Scheduler = ({ smallest, largest }, steps) => {
  const [low, high] = [smallest ** (1 / RHO), largest ** (1 / RHO)];
  const root = (part: number): number => fround(fround(high) + fround(part * fround(low - high)));
  return withZero(torchPowers(linspace(0, 1, steps).map(root), RHO));
};
