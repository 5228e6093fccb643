import type { Rect } from "./areas.js";
import type { Weight } from "./condition-weights.js";

/** What the model makes of a latent, or of a window of it, under one condition, and how much that counts. */
export interface Answer {
  /** [batch, channels, rows, columns] of the window. */
  readonly denoised: Float32Array;
  readonly weight: Weight;
  readonly window?: Rect;
}

/** Stands in for a weight where there is none, so that nothing divided by nothing is nothing (as in ComfyUI). */
const NEXT_TO_NOTHING = 1e-37;

/** The mean of answers by their weights, cell by cell, for latents of these dims. Zero where no answer counts. */
export function weightedMean(answers: readonly Answer[], dims: readonly number[]): Float32Array {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const [only] = answers;
  if (answers.length === 1 && only && !only.window && typeof only.weight === "number" && only.weight > 0) {
    return only.denoised;
  }
  const sum = new Float32Array(batch * channels * height * width);
  const total = new Float32Array(sum.length).fill(NEXT_TO_NOTHING);
  const whole: Rect = { height, width, y: 0, x: 0 };
  for (const { denoised, weight, window = whole } of answers) {
    const cells = window.height * window.width;
    const items = typeof weight === "number" ? 1 : weight.length / cells;
    const at = (item: number): number => (item % items) * cells;
    let from = 0;
    for (let plane = 0; plane < batch * channels; plane++) {
      const first = at(Math.floor(plane / channels));
      for (let row = 0, cell = 0; row < window.height; row++) {
        let to = (plane * height + window.y + row) * width + window.x;
        for (let column = 0; column < window.width; column++, to++, cell++) {
          const counts = typeof weight === "number" ? weight : weight[first + cell]!;
          sum[to]! += denoised[from++]! * counts;
          total[to]! += counts;
        }
      }
    }
  }
  for (let i = 0; i < sum.length; i++) sum[i]! /= total[i]!;
  return sum;
}
