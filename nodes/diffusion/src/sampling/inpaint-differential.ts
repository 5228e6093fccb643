import type { Model } from "../models/descriptions.js";
import { sigmaTable, stepAt } from "./sigma-table.js";

/**
 * A noise mask as it is at each level of a run (Levin and Fried 2023, "Differential diffusion"): a cell starts to change
 * once the part of the run's training steps that is still ahead is no more than its grey value. Nothing for a model
 * whose masks stay as they are.
 */
export function differentialMask(
  { differential, prediction }: Pick<Model, "differential" | "prediction">,
  sigmas: Float32Array,
  mask: Float32Array,
): ((sigma: number) => Float32Array) | undefined {
  if (differential === undefined) return undefined;
  const table = sigmaTable(prediction);
  const first = stepAt(table, sigmas[0]!);
  const last = stepAt(table, Math.max(table.smallest, sigmas[sigmas.length - 1]!));
  // A strength of 0 works as 1, as in ComfyUI.
  const strength = differential || 1;
  return (sigma) => {
    const ahead = Math.fround((stepAt(table, sigma) - last) / (first - last));
    return mask.map((grey) => strength * (grey >= ahead ? 1 : 0) + (1 - strength) * grey);
  };
}
