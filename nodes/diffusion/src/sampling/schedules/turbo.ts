import { type SigmaTable, sigmaAt } from "../sigma-table.js";
import { withZero } from "./schedule.js";

/** The training steps that SD-Turbo was distilled at are the last of each hundred. */
const [COUNT, APART] = [10, 100];

/**
 * The first levels, from `denoise` on, of the ten that adversarially distilled models know (Sauer et al. 2023), and 0.
 * Of more steps than are left there, as many as are left.
 */
export function turbo(table: SigmaTable, steps: number, denoise: number): Float32Array {
  const skipped = COUNT - Math.trunc(COUNT * denoise);
  const known = Array.from({ length: COUNT }, (_, i) => (COUNT - i) * APART - 1);
  return withZero(known.slice(skipped, skipped + steps).map((step) => sigmaAt(table, step)));
}
