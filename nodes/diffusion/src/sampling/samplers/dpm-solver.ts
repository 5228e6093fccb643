import { blend, blend3 } from "./blend.js";
import type { SampleProblem } from "./sampler.js";
import { slope } from "./slope.js";

/** A step of DPM-Solver (Lu et al. 2022): a latent and its slope at `sigma`, and the level to go to. */
export interface Start {
  readonly x: Float32Array;
  readonly slope: Float32Array;
  readonly sigma: number;
  readonly next: number;
}

/** Where a sampler ends that works in log sigma: a schedule's last level above 0. */
export const lastLevel = (sigmas: Float32Array): number => sigmas[sigmas.length - 1]! || sigmas[sigmas.length - 2]!;

/** The level after this part of a step, counted in log sigma. */
export const within = (sigma: number, next: number, part: number): number => sigma * (next / sigma) ** part;

/** DPM-Solver-1, which is Euler's method. */
export const firstOrder = ({ x, slope, sigma, next }: Start): Float32Array => blend(1, x, next - sigma, slope);

/** The slope where the first order leads after a part of the step. */
export async function slopeWithin(
  denoise: SampleProblem["denoise"],
  start: Start,
  part: number,
): Promise<Float32Array> {
  const level = within(start.sigma, start.next, part);
  const x = firstOrder({ ...start, next: level });
  return slope(x, await denoise(x, level), level);
}

/** DPM-Solver-2 (algorithm 4) by the slope after a part of the step. */
export function secondOrder({ x, slope, sigma, next }: Start, inner: Float32Array, part: number): Float32Array {
  const move = next - sigma;
  return blend3(1, x, move - move / (2 * part), slope, move / (2 * part), inner);
}

/** DPM-Solver-3 (algorithm 5) by the slope after a third of the step; asks for the one after two thirds. */
export async function thirdOrder(
  denoise: SampleProblem["denoise"],
  start: Start,
  third: Float32Array,
): Promise<Float32Array> {
  const { sigma, next } = start;
  const [near, far] = [1 / 3, 2 / 3];
  const level = within(sigma, next, far);
  const x = bent({ ...start, next: level }, third, far / near);
  return bent(start, slope(x, await denoise(x, level), level), 1 / far);
}

/** The first order, and what the change of slope adds when it grows evenly in log sigma. */
function bent({ x, slope, sigma, next }: Start, inner: Float32Array, factor: number): Float32Array {
  const length = Math.log(sigma / next);
  const change = -factor * next * (Math.expm1(length) / length - 1);
  return blend3(1, x, next - sigma - change, slope, change, inner);
}
