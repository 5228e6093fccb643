import { type Scheduler, withZero } from "./schedule.js";

/** Every so many entries of the table, counted from its noisy end. */
export const simple: Scheduler = ({ sigmas }, steps) =>
  withZero(
    Array.from({ length: steps }, (_, i) => sigmas[sigmas.length - 1 - Math.floor(i * (sigmas.length / steps))]!),
  );
