import { blend } from "./samplers/blend.js";

/**
 * Classifier-free guidance (Ho and Salimans 2022): what the prompt makes of the latent, moved `scale` times as far
 * from what the negative prompt makes of it.
 */
export const guide = (scale: number, positive: Float32Array, negative: Float32Array): Float32Array =>
  blend(scale, positive, 1 - scale, negative);

/** At a scale of one the negative prompt cancels out, and the model need not be asked about it. */
export const needsNegative = (scale: number): boolean => Math.abs(scale - 1) > 1e-9 * Math.max(1, Math.abs(scale));

/** The average of several conditions' answers. */
export function mean(answers: readonly Float32Array[]): Float32Array {
  const [first, ...rest] = answers;
  if (first === undefined) throw new Error("there is nothing to average: the conditioning holds no condition");
  if (rest.length === 0) return first;
  const sum = first.slice();
  for (const answer of rest) for (let i = 0; i < sum.length; i++) sum[i]! += answer[i]!;
  return sum.map((value) => value / answers.length);
}
