import { type Scheduler, withZero } from "./schedule.js";

const { fround } = Math;

/**
 * Even in the arc tangent of sigma (Sabour et al. 2024, "Align your steps", equation 67). One step is not defined.
 * Rounded where torch rounds: close to a right angle the tangent makes much of it.
 */
export const klOptimal: Scheduler = ({ smallest, largest }, steps) => {
  const [low, high] = [fround(Math.atan(smallest)), fround(Math.atan(largest))];
  return withZero(
    Array.from({ length: steps }, (_, i) => {
      const part = fround(i / (steps - 1));
      return Math.tan(fround(fround(part * low) + fround(fround(1 - part) * high)));
    }),
  );
};
