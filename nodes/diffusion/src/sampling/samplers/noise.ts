import { brownianTree } from "../brownian.js";
import { torchGenerator } from "../torch-generator.js";

/** Where a run's fresh noise comes from. */
export interface NoiseRequest {
  /** Values in a draw: the whole batch. */
  readonly size: number;
  readonly seed: bigint;
  readonly sigmas: Float32Array;
  /** Imitate this release of ComfyUI where it differs. */
  readonly compat?: string;
}
/** Makes the noise function of one run. */
export type NoiseSource = (request: NoiseRequest) => (sigma: number, next: number) => Float32Array;

/** The release up to which a run's fresh noise started from the seed itself, and so with the starting noise again. */
const SAME_SEED = "0.3.64";

/** Independent normal draws. They start from the next seed, so that they do not repeat the starting noise. */
export const normalNoise: NoiseSource = ({ size, seed, compat }) => {
  const generator = torchGenerator(compat === SAME_SEED ? seed : BigInt.asUintN(64, seed + 1n));
  return () => generator.randn(size);
};

/** Scaled increments of one Brownian path in sigma: a run with more steps refines the path of one with fewer. */
export const brownianNoise: NoiseSource = ({ size, seed, sigmas }) => {
  const levels = sigmas.filter((sigma) => sigma > 0);
  const path = brownianTree(seed, { start: Math.min(...levels), end: Math.max(...levels), size });
  return (sigma, next) => {
    const scale = -1 / Math.sqrt(Math.abs(sigma - next));
    return path.increment(next, sigma).map((value) => value * scale);
  };
};
