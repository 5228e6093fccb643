import { type Scheduler, withZero } from "./schedule.js";

/** How much of the noise the linear half takes away. */
const THRESHOLD = 0.025;

/** Short even steps for the first half of the run, then ever longer ones (Genmo's Mochi, 2024). */
export const linearQuadratic: Scheduler = ({ largest }, steps) => {
  const linear = Math.floor(steps / 2);
  if (linear === 0) return withZero([largest]);
  const quadratic = steps - linear;
  const excess = linear - THRESHOLD * steps;
  const square = excess / (linear * quadratic ** 2);
  const slope = THRESHOLD / linear - (2 * excess) / quadratic ** 2;
  const taken = (i: number) => (i < linear ? (i * THRESHOLD) / linear : square * (i ** 2 + linear ** 2) + slope * i);
  return withZero(Array.from({ length: steps }, (_, i) => Math.fround(1 - taken(i)) * largest));
};
